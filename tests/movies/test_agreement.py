"""How pictures agree, against plain loops."""

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.agreement import agreement
from vdup.movies.changes import evened
from vdup.types import BoolArray, FloatArray


def _correlation(first: FloatArray, second: FloatArray) -> float:
    return float((first * second).sum() / np.sqrt((first**2).sum() * (second**2).sum()))


def _looped(query: FloatArray, reference: FloatArray, seen: BoolArray) -> tuple[float, float, int, float]:
    details = []
    columns_of: list[list[FloatArray]] = [[], []]
    for mine, theirs in zip(query, reference, strict=True):
        pair = []
        for picture in (mine, theirs):
            detail = []
            for row in range(32):
                for column in range(32):
                    if seen[row, column]:
                        rows = [min(max(row + step, 0), 31) for step in range(-2, 3)]
                        columns = [min(max(column + step, 0), 31) for step in range(-2, 3)]
                        around = np.mean([picture[y, x] for y in rows for x in columns])
                        detail.append(picture[row, column] - around)
            pair.append(np.array(detail, dtype=np.float32))
        details.append(_correlation(*pair))
        for side, one in zip(columns_of, pair, strict=True):
            side.append(one)
    parts = []
    for top in range(0, 32, 4):
        for left in range(0, 32, 4):
            here = np.zeros((32, 32), dtype=np.bool_)
            here[top : top + 4, left : left + 4] = seen[top : top + 4, left : left + 4]
            if here.sum() < 8:
                continue
            mine, theirs = query[:, here], reference[:, here]
            mine, theirs = mine - mine.mean(axis=0), theirs - theirs.mean(axis=0)
            if max((mine**2).mean(), (theirs**2).mean()) >= 0.03**2:
                parts.append(_correlation(mine, theirs))
    moved = [np.array(side) - np.mean(side, axis=0) for side in columns_of]
    energy = np.sqrt((moved[0] ** 2).mean() * (moved[1] ** 2).mean())
    changing = float((moved[0] * moved[1]).mean() / (energy + 0.01**2))
    return float(np.median(details)), float(np.mean(parts)) if parts else 0.0, len(parts), changing


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_agreement_is_what_loops_give(seed: int) -> None:
    rng = np.random.default_rng(seed)
    scene = Blobs(seed, count=5)
    query = evened(scene.movie(np.arange(9) / 4).pictures)
    query[:, :8] = query[0, :8]  # where nothing changes
    reference = evened(scene.movie(0.3 + np.arange(9) / 4).pictures)
    reference[:, :8] = reference[0, :8]
    seen = rng.random((32, 32)) < np.linspace(0.2, 1.3, 32)
    found = agreement(query, reference, seen)
    detail, spread, parts, changing = _looped(query, reference, seen)
    assert found.detail == pytest.approx(detail, abs=1e-4)
    assert found.spread == pytest.approx(spread, abs=1e-4)
    assert found.parts == parts
    assert found.changing_detail == pytest.approx(changing, abs=1e-4)
    assert 0 < parts < 64


def test_a_picture_agrees_with_itself_and_nothing_with_nothing() -> None:
    pictures = evened(Blobs(4).movie(np.arange(8) / 4).pictures)
    seen = np.ones((32, 32), dtype=np.bool_)
    found = agreement(pictures, pictures, seen)
    assert found.detail == pytest.approx(1.0)
    assert found.spread == pytest.approx(1.0)
    assert found.parts == 64
    assert found.changing_detail == pytest.approx(1.0, abs=0.05)
    standing = np.repeat(pictures[:1], 8, axis=0)
    assert agreement(standing, standing, seen).changing_detail == 0.0, "nothing changes"
    blank = np.zeros_like(pictures)
    assert (agreement(blank, blank, seen).detail, agreement(blank, blank, seen).parts) == (0.0, 0)
    hidden = agreement(pictures, pictures, np.zeros((32, 32), dtype=np.bool_))
    assert (hidden.detail, hidden.spread, hidden.parts, hidden.changing_detail) == (0.0, 0.0, 0, 0.0)
