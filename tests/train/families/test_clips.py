from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.edits.table import EDITS
from vdup.train.families.clips import PhotoClipFamilies, VideoClipFamilies
from vdup.train.families.pictures import UnreadableError
from video_factory import regular_times, write_pictures

FRAMES, VIEWS, SIDE = 3, 2, 32
_ALL_BUT_REENCODE = set(EDITS) - {"reencode"}


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("photographs")
    rng = np.random.default_rng(0)
    paths = []
    for number in range(20):
        coarse = Image.fromarray(rng.integers(0, 256, (6, 8, 3), np.uint8))
        paths.append(folder / f"{number:02d}.png")
        coarse.resize((96, 72), Image.Resampling.BICUBIC).save(paths[-1])
    return paths


def test_photo_clips(photographs: list[Path]) -> None:
    source = PhotoClipFamilies(photographs, 3, FRAMES, VIEWS, SIDE, seed=1)
    assert len(source) == 3
    [family] = source.load(1)
    assert family.images.shape == ((1 + VIEWS) * FRAMES, SIDE, SIDE, 3)
    assert family.edits[:FRAMES] == ("",) * FRAMES
    assert all(family.edits[FRAMES + row] == family.edits[FRAMES] for row in range(FRAMES))
    assert "" not in family.edits[FRAMES:]
    assert family.scene == 1
    [again] = source.load(1)
    assert np.array_equal(again.images, family.images)
    [later] = source.load(1, epoch=1)
    assert not np.array_equal(later.images, family.images)
    assert not np.array_equal(source.load(0)[0].images, family.images)


def test_clips_share_no_photographs_and_need_enough(photographs: list[Path]) -> None:
    # Three frames take up to three shots with an object each in front.
    assert len(PhotoClipFamilies(photographs, 100, FRAMES, VIEWS, SIDE, seed=1)) == 20 // 6
    with pytest.raises(ValueError, match="too few"):
        PhotoClipFamilies(photographs[:5], 1, FRAMES, VIEWS, SIDE, seed=1)
    with pytest.raises(ValueError, match="clips=0"):
        PhotoClipFamilies(photographs, 0, FRAMES, VIEWS, SIDE, seed=1)


def test_digest_tells_settings_apart(photographs: list[Path]) -> None:
    source = PhotoClipFamilies(photographs, 3, FRAMES, VIEWS, SIDE, seed=1)
    assert source.digest != PhotoClipFamilies(photographs, 3, FRAMES, VIEWS, SIDE, seed=2).digest
    assert source.digest != VideoClipFamilies(photographs, 3, FRAMES, VIEWS, SIDE, seed=1).digest


def test_unreadable_photographs(tmp_path: Path) -> None:
    paths = []
    for number in range(6):
        paths.append(tmp_path / f"{number}.png")
        paths[-1].write_text("no picture")
    with pytest.raises(UnreadableError):
        PhotoClipFamilies(paths, 1, FRAMES, VIEWS, SIDE, seed=1).load(0)


def test_stretches_of_videos(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    coarse = [Image.fromarray(rng.integers(0, 256, (5, 8, 3), np.uint8)) for _ in range(3)]
    scenes = [np.asarray(one.resize((160, 96), Image.Resampling.BICUBIC)) for one in coarse]
    frames = [scenes[number // 24] for number in range(72)]
    path = tmp_path / "film.mp4"
    write_pictures(path, frames, regular_times(len(frames), 8), options={"g": "8", "preset": "ultrafast"})
    source = VideoClipFamilies([path], 2, FRAMES, VIEWS, SIDE, seed=1)
    families = source.load(0)
    assert len(families) == 2
    for family in families:
        assert family.images.shape == ((1 + VIEWS) * FRAMES, SIDE, SIDE, 3)
        assert family.scene == 0
    # The stretches are of different parts of the film.
    assert np.abs(families[0].images[0].astype(int) - families[1].images[0].astype(int)).mean() > 10
    (tmp_path / "broken.mp4").write_text("no video")
    with pytest.raises(UnreadableError):
        VideoClipFamilies([tmp_path / "broken.mp4"], 2, FRAMES, VIEWS, SIDE, seed=1).load(0)


@pytest.mark.parametrize("step_seconds", [0.25, 0.5])
def test_frames_are_a_step_apart_and_copies_half_a_step_behind(tmp_path: Path, step_seconds: float) -> None:
    frames = [np.full((96, 160, 3), 40 + 4 * number, np.uint8) for number in range(40)]
    for frame in frames:  # a pattern, or all of it would be taken for bars
        frame[::16] += 20
    path = tmp_path / "film.mp4"
    write_pictures(path, frames, regular_times(len(frames), 8), options={"g": "8", "preset": "ultrafast"})
    source = VideoClipFamilies([path], 1, 6, 1, SIDE, seed=1, left_out=_ALL_BUT_REENCODE, step_seconds=step_seconds)
    [family] = source.load(0)
    levels = family.images.reshape(2, 6, -1).mean(axis=2)
    np.testing.assert_allclose(np.diff(levels[0]), 8 * 4 * step_seconds, atol=4.5)  # a frame more or less
    np.testing.assert_allclose((levels[1] - levels[0]).mean(), 8 * 4 * step_seconds / 2, atol=3)


def test_a_step_must_be_above_zero(photographs: list[Path]) -> None:
    for kind in (PhotoClipFamilies, VideoClipFamilies):
        with pytest.raises(ValueError, match="step_seconds=0"):
            kind(photographs, 1, FRAMES, VIEWS, SIDE, seed=1, step_seconds=0)
    # Shorter clips take fewer photographs.
    assert len(PhotoClipFamilies(photographs, 100, FRAMES, VIEWS, SIDE, seed=1, step_seconds=0.2)) == 20 // 2
