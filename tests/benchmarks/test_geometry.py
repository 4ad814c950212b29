"""How answers about the geometry of copies are judged, and how confidence is fitted."""

import io
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from rich.console import Console

from benchmarks.geometry import Told, fit_confidence, judge, main, print_outcomes
from benchmarks.geometry_copies import Copy
from vdup.align.edits import GEOMETRY_INPUTS
from vdup.types import Colour, Rectangle

COPY = Copy(
    name="a-mirrored-inset.mp4",
    source="a.mp4",
    kind="mirrored inset",
    start_seconds=10.0,
    seconds=4.0,
    shown=Rectangle(0.0, 0.0, 1.0, 1.0),
    fills=Rectangle(0.25, 0.25, 0.5, 0.5),
    mirrored=True,
    turned_degrees=0,
    colour=Colour.kept,
)
EDITS: dict[str, Any] = {
    "shown": {"top": 0.05, "left": 0.0, "height": 0.95, "width": 1.0},
    "fills": {"top": 0.25, "left": 0.3, "height": 0.5, "width": 0.45},
    "mirrored": True,
    "turned_degrees": 0,
    "confidence": 0.8,
    "confidence_inputs": dict.fromkeys(GEOMETRY_INPUTS, 0.5),
    "colour": "kept",
}


def _match(start: float, end: float, source: str = "a.mp4", **changes: object) -> dict[str, Any]:
    edits = None if changes.get("edits", EDITS) is None else {**EDITS, **changes}
    return {
        "reference_id": source,
        "reference_start_seconds": start,
        "reference_end_seconds": end,
        "edits": edits,
    }


def test_a_right_answer() -> None:
    told = judge(COPY, [_match(10, 14)])
    assert (told.found, told.told, told.right, told.colour_right, told.confidence) == (True, True, True, True, 0.8)
    assert told.likeness == pytest.approx((0.95, 0.9))


def test_what_is_wrong() -> None:
    assert not judge(COPY, [_match(14.5, 20), _match(10, 14, "b.mp4")]).found
    silent = judge(COPY, [_match(10, 14, edits=None)])
    assert (silent.found, silent.told, silent.right) == (True, False, False)
    assert judge(COPY, [_match(10, 14, edits=None), _match(10, 14)]).right
    assert not judge(COPY, [_match(10, 14, mirrored=False)]).mirrored_right
    assert not judge(COPY, [_match(10, 14, turned_degrees=180)]).rectangles_right
    assert not judge(COPY, [_match(10, 14, fills={"top": 0.4, "left": 0.3, "height": 0.5, "width": 0.5})]).right
    assert not judge(COPY, [_match(10, 14, colour="grey")]).colour_right
    assert not judge(replace(COPY, colour=None), [_match(10, 14)]).colour_right


def test_the_tables() -> None:
    text = io.StringIO()
    wrong = _match(10, 14, mirrored=False, confidence=0.2)
    print_outcomes(
        [judge(COPY, [_match(10, 14)]), judge(COPY, [wrong]), judge(COPY, [])], Console(file=text, width=150)
    )
    rows = [[cell.strip() for cell in line.split("│")[1:-1]] for line in text.getvalue().splitlines()]
    everything = next(row for row in rows if row and row[0] == "all")
    assert everything == ["all", "3", "0.667", "1.000", "0.500", "1.000", "0.500", "1.000"]
    assert ["0.00 - 0.30", "1", "0.000"] in rows
    assert ["0.80 - 0.90", "1", "1.000"] in rows


def test_a_confidence_is_fitted() -> None:
    rng = np.random.default_rng(2)
    told = []
    for _ in range(3000):
        values = rng.normal(0, 1, len(GEOMETRY_INPUTS))
        likely = 1 / (1 + np.exp(-(0.5 + 2 * values[0] - values[1])))
        right = bool(rng.random() < likely)
        inputs = dict(zip(GEOMETRY_INPUTS, values.tolist(), strict=True))
        told.append(Told(COPY, True, True, mirrored_right=right, rectangles_right=True, inputs=inputs))
    bias, weights = fit_confidence(told)
    expected = [2.0, -1.0, *[0.0] * (len(GEOMETRY_INPUTS) - 2)]
    assert bias == pytest.approx(0.5, abs=0.2)
    assert [weights[name] for name in GEOMETRY_INPUTS] == pytest.approx(expected, abs=0.25)
    with pytest.raises(ValueError, match="right and ones that are wrong"):
        fit_confidence([replace(one, mirrored_right=True) for one in told])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([], "usage"),
        (["videos=x", "seed=two"], "seed=two is not a whole number"),
        (["videos=x", "fit=maybe"], "neither true nor false"),
        (["videos=/nowhere/at/all"], "there is no such file or folder"),
    ],
)
def test_wrong_words_are_explained(words: list[str], message: str) -> None:
    with pytest.raises(SystemExit, match=message):
        main(words)
