"""What was done to a picture, in words."""

from dataclasses import replace
from typing import Any

import pytest
from result_factory import match

from vdup.report.picture import describe_picture
from vdup.types import Colour, Edits, Evidence, Match, PictureMatch, Placement, Rectangle

WHOLE = PictureMatch(0.9, 1.5, 0.4, Placement.whole())


def _match(picture: PictureMatch | None, mirrored: bool = False) -> Match:
    return replace(match(), evidence=Evidence(9, 10, 150.0, 0.8, 0.0, mirrored, picture=picture))


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "whole"),
        ({"top": 0.03, "left": -0.02, "height": 0.97, "width": 1.03}, "whole"),
        ({"mirrored": True}, "mirrored"),
        ({"quarter_turns": 3}, "turned 270°"),
        ({"tilt_degrees": 7.4}, "tilted 7° to the left"),
        ({"top": -0.2, "left": -0.2, "height": 1.4, "width": 1.4, "mirrored": True}, "mirrored, cropped to 51%"),
        ({"top": 0.1, "left": 0.5, "height": 0.4, "width": 0.4}, "inset of 16%"),
        ({"top": 0.125, "height": 0.75}, "bordered, 75%"),
        ({"left": -0.5, "width": 1.0}, "cropped to 50%, bordered, 50%"),
    ],
)
def test_rectangles(changes: dict[str, float | bool], words: str) -> None:
    placed = replace(Placement.whole(), **changes)  # type: ignore[arg-type]
    assert describe_picture(_match(replace(WHOLE, placement=placed))) == words


def test_what_is_not_known_is_not_said() -> None:
    assert describe_picture(_match(None)) == "-"
    assert describe_picture(_match(None, mirrored=True)) == "mirrored"
    assert describe_picture(_match(replace(WHOLE, clear=False))) == "-"
    assert describe_picture(replace(_match(None), evidence=None)) == "-"
    assert describe_picture(replace(_match(None), evidence=None, identical=True)) == "whole"


def test_where_nothing_moves_the_place_is_uncertain() -> None:
    still = _match(replace(WHOLE, clear=False))
    assert still.evidence is not None
    uncertain = replace(still, evidence=replace(still.evidence, place_uncertain_seconds=(10.0, 40.25)))
    assert describe_picture(uncertain) == "place uncertain, 10.0 - 40.2 s"
    assert uncertain.evidence is not None
    mirrored = replace(uncertain, evidence=replace(uncertain.evidence, mirrored=True))
    assert describe_picture(mirrored) == "mirrored, place uncertain, 10.0 - 40.2 s"


EDITS = Edits(Rectangle(0, 0, 1, 1), Rectangle(0, 0, 1, 1), False, 0, 0.9, Colour.kept)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, "whole"),
        ({"colour": None}, "whole"),
        ({"colour": Colour.grey}, "grey"),
        ({"mirrored": True, "colour": Colour.changed}, "mirrored, colours changed"),
        ({"turned_degrees": 90, "shown": Rectangle(0.1, 0, 0.9, 1)}, "turned 90°, cropped to 90%"),
        ({"tilted_degrees": -12.0}, "tilted 12° to the right"),
        ({"shown": Rectangle(0.03, 0.02, 0.95, 0.97)}, "whole"),
        ({"shown": Rectangle(0, 0, 1, 0.75), "fills": Rectangle(0, 0, 1, 0.75)}, "whole"),
        ({"shown": Rectangle(0, 0, 1, 0.45), "fills": Rectangle(0, 0.02, 1, 0.45)}, "45% of it in place"),
        ({"shown": Rectangle(0, 0.2, 1, 0.8), "fills": Rectangle(0, 0, 1, 0.8), "mirrored": True}, "mirrored"),
        (
            {"shown": Rectangle(0, 0.2, 1, 0.8), "fills": Rectangle(0, 0, 1, 0.8)},
            "cropped to 80%, bordered, 80%",
        ),
        ({"fills": Rectangle(0.1, 0.1, 0.4, 0.5)}, "inset of 20%"),
        ({"fills": Rectangle(0.1, 0.0, 0.8, 1.0), "colour": Colour.grey}, "bordered, 80%, grey"),
        ({"fills": Rectangle(0.1, 0.0, 0.8, 1.0), "confidence": 0.5}, "-"),
    ],
)
def test_edits(changes: dict[str, Any], words: str) -> None:
    assert describe_picture(replace(_match(None), edits=replace(EDITS, **changes))) == words


def test_unsure_edits_leave_what_the_codes_say() -> None:
    assert describe_picture(replace(_match(WHOLE, mirrored=True), edits=replace(EDITS, confidence=0.2))) == "mirrored"
