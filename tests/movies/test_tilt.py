"""Pictures turned by some degrees, against a plain loop over pixels and against Pillow."""

import math

import numpy as np
import pytest
from movies.moving_pictures import Blobs
from PIL import Image

from vdup.movies.tilt import reached, tilted
from vdup.types import FloatArray

SIDE = 32


def _looped(picture: FloatArray, degrees: float, shape: float) -> FloatArray:
    """Every pixel mixed from the four round the point that it is turned from; 0 beyond the picture."""
    found = np.zeros((SIDE, SIDE), dtype=np.float32)
    turn = math.radians(degrees)
    for row in range(SIDE):
        for column in range(SIDE):
            x, y = ((column + 0.5) / SIDE - 0.5) * shape, 0.5 - (row + 0.5) / SIDE  # y counts upwards
            from_x = x * math.cos(turn) + y * math.sin(turn)
            from_y = y * math.cos(turn) - x * math.sin(turn)
            at_column, at_row = (from_x / shape + 0.5) * SIDE - 0.5, (0.5 - from_y) * SIDE - 0.5
            for r in (math.floor(at_row), math.floor(at_row) + 1):
                for c in (math.floor(at_column), math.floor(at_column) + 1):
                    if 0 <= r < SIDE and 0 <= c < SIDE:
                        found[row, column] += (1 - abs(r - at_row)) * (1 - abs(c - at_column)) * picture[r, c]
    return found


@pytest.mark.parametrize(("degrees", "shape"), [(12.0, 16 / 9), (-7.5, 0.5625), (20.0, 1.0)])
def test_it_is_what_a_loop_gives(degrees: float, shape: float) -> None:
    pictures = np.stack([Blobs(seed).draw(0.0) for seed in (1, 2)])
    turned = tilted(pictures, degrees, shape)
    assert turned.dtype == np.float32
    for picture, expected in zip(turned, pictures, strict=True):
        assert picture == pytest.approx(_looped(expected, degrees, shape), abs=0.05)
    assert reached(SIDE, degrees, shape) == pytest.approx(_looped(np.ones_like(pictures[0]), degrees, shape), abs=1e-4)


def test_it_turns_as_pillow_does_a_wide_picture() -> None:
    wide = Image.fromarray(Blobs(3).draw(0.0)).resize((160, 90), Image.Resampling.BICUBIC)
    expected = np.asarray(wide.rotate(15, Image.Resampling.BILINEAR).resize((SIDE, SIDE), Image.Resampling.BOX))
    found = tilted(np.asarray(wide.resize((SIDE, SIDE), Image.Resampling.BOX))[None], 15, 160 / 90)[0]
    inside = reached(SIDE, 15, 160 / 90) > 0.99
    assert np.corrcoef(found[inside], expected[inside])[0, 1] > 0.99


def test_no_turn_leaves_pictures_as_they_are() -> None:
    pictures = Blobs(1).draw(0.0)[None]
    assert tilted(pictures, 0.0, 2.0) is pictures
