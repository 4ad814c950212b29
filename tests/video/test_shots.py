import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.video.shots import is_cut

Image = NDArray[np.uint8]


def scene(seed: int, height: int = 180, width: int = 320) -> Image:
    """A smooth random picture: a coarse grid of colours, enlarged by linear interpolation."""
    grid = np.random.default_rng(seed).integers(0, 256, (5, 7, 3)).astype(np.float64)
    rows, columns = np.linspace(0, 3.999, height), np.linspace(0, 5.999, width)
    top, left = rows.astype(int), columns.astype(int)
    down, across = (rows - top)[:, None, None], (columns - left)[None, :, None]
    upper = grid[top][:, left] * (1 - across) + grid[top][:, left + 1] * across
    lower = grid[top + 1][:, left] * (1 - across) + grid[top + 1][:, left + 1] * across
    return np.asarray(upper * (1 - down) + lower * down).astype(np.uint8)


def barred(image: Image, colour: int = 0, thickness: int = 30) -> Image:
    result = image.copy()
    result[:thickness] = colour
    result[-thickness:] = colour
    return result


@pytest.mark.parametrize("seed", range(10))
def test_other_scenes_are_cuts(seed: int) -> None:
    assert is_cut(scene(seed), scene(seed + 100))


@pytest.mark.parametrize("seed", range(10))
def test_small_motion_noise_and_light_are_not(seed: int) -> None:
    before = scene(seed)
    noise = np.random.default_rng(seed).normal(0, 6, before.shape)
    after = np.clip(np.roll(before, (3, 6), axis=(0, 1)) * 1.05 + noise, 0, 255).astype(np.uint8)
    after[:, :6] = after[:, 6:12]
    assert not is_cut(before, before)
    assert not is_cut(before, after)


@pytest.mark.parametrize("seed", range(10))
def test_a_change_of_bars_is_a_cut_even_in_one_scene(seed: int) -> None:
    picture = scene(seed)
    assert is_cut(picture, barred(picture, 0 if picture.mean() > 100 else 255))
    assert is_cut(barred(picture, 0), barred(picture, 255))


def test_a_change_along_one_edge_is_a_cut() -> None:
    before = np.full((180, 320, 3), 120, dtype=np.uint8)
    after = before.copy()
    after[:, -40:] = 0
    assert is_cut(before, after)


def test_tiny_images_and_other_sizes() -> None:
    black, white = np.zeros((1, 1, 3), dtype=np.uint8), np.full((1, 1, 3), 255, dtype=np.uint8)
    assert is_cut(black, white)
    assert not is_cut(white, white)
    assert is_cut(black, np.zeros((2, 1, 3), dtype=np.uint8))


@pytest.mark.parametrize("bad", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3)), np.zeros((0, 4, 3), np.uint8)])
def test_what_is_no_image_is_refused(bad: Image) -> None:
    good = np.zeros((4, 4, 3), dtype=np.uint8)
    with pytest.raises(ValueError, match="previous must be uint8"):
        is_cut(bad, good)
    with pytest.raises(ValueError, match="current must be uint8"):
        is_cut(good, bad)
