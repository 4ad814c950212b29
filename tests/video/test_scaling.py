import numpy as np
import pytest

from vdup.video.scaling import scaled_size, squash


@pytest.mark.parametrize(
    ("size", "short", "expected"),
    [
        ((1920, 1080), 320, (568, 320)),
        ((1080, 1920), 320, (320, 568)),
        ((640, 360), 320, (568, 320)),
        ((320, 240), 320, (320, 240)),
        ((51, 33), 320, (51, 33)),
        ((1000, 1000), 255, (254, 254)),
        ((4000, 3), 2, (2666, 2)),
        ((1, 1), 2, (1, 1)),
    ],
)
def test_short_side_is_limited_and_aspect_kept(size: tuple[int, int], short: int, expected: tuple[int, int]) -> None:
    assert scaled_size(*size, short) == expected


def test_scaled_sides_are_even_and_near_the_aspect() -> None:
    for width in range(330, 900, 7):
        for height in range(330, 700, 11):
            new_width, new_height = scaled_size(width, height, 320)
            assert (new_width % 2, new_height % 2, min(new_width, new_height)) == (0, 0, 320)
            assert abs(new_width * height - new_height * width) <= max(width, height)


def test_impossible_sizes() -> None:
    with pytest.raises(ValueError, match="at least one pixel, got 0x5"):
        scaled_size(0, 5, 320)
    with pytest.raises(ValueError, match="short_side_pixels must be 2 or more, got 1"):
        scaled_size(5, 5, 1)


def test_squashing_averages_all_pixels() -> None:
    stripes = np.zeros((64, 96, 3), np.uint8)
    stripes[:, ::2] = 200
    squashed = squash(stripes, 16)
    assert squashed.shape == (16, 16, 3)
    assert squashed.dtype == np.uint8
    assert np.abs(squashed.astype(int) - 100).max() <= 12
