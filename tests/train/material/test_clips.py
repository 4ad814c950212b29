from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.material.clips import PhotoClip, photo_clip

SIZE = (80, 48)


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Smooth random pictures, landscape and portrait, one of them gray."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    paths = []
    for number in range(30):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        picture = coarse.resize((120, 90) if number % 3 else (90, 120), Image.Resampling.BICUBIC)
        paths.append(folder / f"{number:02d}.png")
        (picture.convert("L") if number == 4 else picture).save(paths[-1])
    return paths


@pytest.mark.parametrize("size", [(80, 48), (48, 80), (64, 64), (150, 40)])
def test_clip_has_the_asked_form(images: list[Path], size: tuple[int, int]) -> None:
    clip = photo_clip(images, np.random.default_rng(1), 3.0, 25, size)
    assert clip.dtype == np.uint8
    assert clip.shape == (75, size[1], size[0], 3)


def test_fractional_rates_count_frames_exactly(images: list[Path]) -> None:
    clip = PhotoClip(images, np.random.default_rng(1), 10.01, Fraction(30000, 1001), SIZE)
    assert clip.frames == 300


def test_any_stretch_renders_as_in_the_whole(images: list[Path]) -> None:
    whole = photo_clip(images, np.random.default_rng(3), 8.0, 10, SIZE)
    clip = PhotoClip(images, np.random.default_rng(3), 8.0, 10, SIZE)
    assert np.array_equal(clip.render(55, 80), whole[55:80])
    assert np.array_equal(clip.render(0, 1), whole[:1])


def test_equal_seeds_repeat_and_others_do_not(images: list[Path]) -> None:
    first, second, other = (photo_clip(images, np.random.default_rng(seed), 2.0, 10, SIZE) for seed in (5, 5, 6))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, other)


@pytest.mark.parametrize(("seed", "cuts"), [(1, 4), (7, 2), (2, 0)])
def test_neighbouring_frames_differ_a_little_and_shots_a_lot(seed: int, cuts: int, images: list[Path]) -> None:
    """The cuts stand out by a factor of ten; the clip of seed 2 has cross-fades only."""
    clip = photo_clip(images, np.random.default_rng(seed), 12.0, 25, SIZE).astype(int)
    steps = np.abs(np.diff(clip, axis=0)).mean(axis=(1, 2, 3))
    assert steps.min() > 0.1
    assert np.median(steps) < 5
    assert (steps > 50).sum() == cuts
    assert np.sort(steps)[-cuts - 1] < 20


def test_views_stay_inside_the_photograph(tmp_path: Path) -> None:
    """A camera that looked past the edge would see black; exposure and grain alone leave white light."""
    paths = []
    for number in range(20):
        paths.append(tmp_path / f"{number}.png")
        Image.new("RGB", (70 + number, 90 - number), (255, 255, 255)).save(paths[-1])
    for seed in range(8):
        clip = PhotoClip(paths, np.random.default_rng(seed), 6.0, 10, SIZE)
        # A faint shot mixes 60 % of a plain colour of 40 or more into 40 % white.
        assert clip.render(0, clip.frames).min() > 90


def test_photographs_are_used_in_order_and_counted(images: list[Path], tmp_path: Path) -> None:
    clip = PhotoClip(images, np.random.default_rng(4), 12.0, 10, SIZE)
    used = images[: clip.images_used]
    assert 2 <= len(used) <= 24
    again = PhotoClip([*used, tmp_path / "missing.png"], np.random.default_rng(4), 12.0, 10, SIZE)
    assert again.images_used == clip.images_used
    assert np.array_equal(again.render(110, 120), clip.render(110, 120))


def test_too_few_photographs_are_refused(images: list[Path]) -> None:
    with pytest.raises(ValueError, match="1 photographs are too few"):
        photo_clip(images[:1], np.random.default_rng(0), 30.0, 10, SIZE)


def test_impossible_lengths_are_refused(images: list[Path]) -> None:
    with pytest.raises(ValueError, match="less than one frame"):
        photo_clip(images, np.random.default_rng(0), 0.01, 10, SIZE)
    clip = PhotoClip(images, np.random.default_rng(0), 1.0, 10, SIZE)
    for start, stop in ((-1, 3), (4, 4), (5, 11)):
        with pytest.raises(ValueError, match="do not lie in a clip of 10 frames"):
            clip.render(start, stop)
