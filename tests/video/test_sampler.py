import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from video.moving_panels import inset, scene
from video_factory import letterboxed, numbered_picture, read_number, regular_times, write_numbered, write_pictures

from vdup.errors import VideoOpenError
from vdup.types import MOVIE_VIEW, FrameBatch, Intervals, VideoInfo
from vdup.video.movie_ticks import SampledFrame
from vdup.video.sampler import (
    SHOT_LIMIT_FRAMES,
    STRETCH_FRAMES,
    VideoSampler,
    gather_shots,
    sample_video,
    split_shots,
)
from vdup.video.scaling import shrink, squash

Picture = NDArray[np.uint8]


def other_scene(width: int = 160, height: int = 96) -> Picture:
    rows, columns = np.mgrid[0:height, 0:width]
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 0] = np.where((rows // 12 + columns // 12) % 2, 250, 130)
    picture[..., 1] = columns * 200 // width
    return picture


class PictureReader:
    """One picture a second from a list, and how far it was read."""

    def __init__(self, pictures: list[Picture]) -> None:
        self.info = VideoInfo(pictures[0].shape[1], pictures[0].shape[0], None, "", 0)
        self.duration_seconds = float(len(pictures))
        self.damaged_seconds: Intervals = ((1.0, 2.0),)
        self.closed = False
        self.taken = 0
        self._pictures = pictures

    def frames_at(self, frames_per_second: float, start_seconds: float = 0.0) -> Iterator[tuple[float, Picture]]:
        for number, picture in enumerate(self._pictures):
            self.taken += 1
            yield number / frames_per_second, picture

    def close(self) -> None:
        self.closed = True

    def __enter__(self) -> "PictureReader":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def sampled(pictures: list[Picture], crop_bars: bool = True, batch_size: int = 32) -> list[FrameBatch]:
    reader = PictureReader(pictures)
    with VideoSampler(
        reader, frames_per_second=1.0, side_pixels=64, crop_bars=crop_bars, batch_size=batch_size
    ) as sampler:
        batches = list(sampler)
        assert sampler.duration_seconds == len(pictures)
        assert sampler.info is reader.info
    assert reader.closed
    return batches


def test_batches_are_full_but_the_last_and_keep_order() -> None:
    batches = sampled([numbered_picture(n) for n in range(45)], batch_size=20)
    assert [len(batch) for batch in batches] == [20, 20, 5]
    assert np.concatenate([batch.times_seconds for batch in batches]).tolist() == list(range(45))
    assert [read_number(image) for batch in batches for image in batch.images] == list(range(45))
    assert all(batch.images.shape[1:] == (64, 64, 3) for batch in batches)
    assert all(batch.searchable.all() for batch in batches)


def test_views_of_a_layout_come_in_batches_of_their_own() -> None:
    guest = scene(2, 20)
    pictures = [*scene(1, 8), *inset(scene(3, 20), guest, (40, 120, 90, 220))]

    def batches(panels: bool) -> list[FrameBatch]:
        reader = PictureReader(pictures)
        sampler = VideoSampler(
            reader, frames_per_second=1.0, side_pixels=32, crop_bars=True, panels=panels, batch_size=5
        )
        return list(sampler)

    with_panels = batches(panels=True)
    whole = [batch for batch in with_panels if batch.view == 0]
    assert sum(map(len, whole)) == 28
    for one, other in zip(whole, batches(panels=False), strict=True):
        np.testing.assert_array_equal(one.images, other.images)
        assert one.times_seconds.tolist() == other.times_seconds.tolist()
    assert {batch.view for batch in with_panels} == {0, 1, 2}
    for view in (1, 2):
        mine = [batch for batch in with_panels if batch.view == view]
        times = np.concatenate([batch.times_seconds for batch in mine])
        # The stretch in which the inset appears may be taken as a whole or missed.
        assert abs(times[0] - 8) < STRETCH_FRAMES
        assert times.tolist() == np.arange(times[0], 28).tolist()
        assert max(map(len, mine)) == 5
        if view == 1:
            shown = np.concatenate([batch.images for batch in mine]).astype(int)
            there = times >= 8
            squashed = np.stack([squash(guest[int(time) - 8], 32) for time in times[there]])
            assert np.abs(shown[there] - squashed).mean() < 6


def test_shots_are_gathered_until_there_are_enough_frames() -> None:
    frame = scene(1, 1)[0]
    shots = [[SampledFrame(float(number), frame)] * length for number, length in enumerate((1, 2, 4, 7, 2))]
    groups = list(gather_shots(iter(shots), STRETCH_FRAMES))
    assert STRETCH_FRAMES == 6
    assert [[len(shot) for shot in group] for group in groups] == [[1, 2, 4], [7], [2]]
    assert list(gather_shots(iter(()), 6)) == []


def test_bars_are_cut_shot_by_shot() -> None:
    boxed = [letterboxed(numbered_picture(n, 160, 72), 12) for n in range(6)]
    full = [other_scene() for _ in range(6)]
    images = sampled([*boxed, *full])[0].images.astype(int)
    plain = sampled([numbered_picture(n, 160, 72) for n in range(6)], crop_bars=False)[0].images
    assert np.abs(images[:6] - plain).mean() < 6
    assert np.array_equal(images[6:], sampled(full, crop_bars=False)[0].images)


def test_grey_pictures_behind_a_cut_are_cut_to_the_picture_of_its_shot() -> None:
    """The cut lies between two sampled frames: what comes right after it has no bars any more."""
    boxed = [letterboxed(numbered_picture(n, 160, 72), 12) for n in range(6)]
    full = [other_scene() for _ in range(6)]
    reader = PictureReader([*boxed, *full])
    sampler = VideoSampler(reader, frames_per_second=0.25, side_pixels=32, crop_bars=True, movie_fps=1.0)
    greys = np.concatenate([batch.images[..., 0] for batch in sampler if batch.view == MOVIE_VIEW]).astype(int)
    assert len(greys) == 12
    assert np.abs(greys[6:] - shrink(other_scene())).max() == 0, "of the seventh and eighth, too"
    assert np.abs(greys[4] - shrink(numbered_picture(4, 160, 72))).mean() < 8


def test_boxes_say_where_the_picture_lies_in_its_frame() -> None:
    boxed = [letterboxed(numbered_picture(n, 160, 72), 12) for n in range(6)]
    whole = [numbered_picture(n, 160, 96) for n in range(6)]
    [batch] = sampled(boxed + [other_scene()] * 3 + whole, crop_bars=True)
    assert batch.boxes is not None
    np.testing.assert_allclose(batch.boxes[:6], np.tile([12 / 96, 0, 72 / 96, 1], (6, 1)), atol=1e-6)
    np.testing.assert_array_equal(batch.boxes[6:], np.tile([0, 0, 1, 1], (9, 1)))
    [uncut] = sampled(boxed, crop_bars=False)
    np.testing.assert_array_equal(uncut.boxes, np.tile([0, 0, 1, 1], (6, 1)))


def test_bars_stay_when_not_asked_for() -> None:
    images = sampled([letterboxed(numbered_picture(0, 160, 72), 12)], crop_bars=False)[0].images
    assert images[0, :4].max() == 0


def test_blank_frames_are_not_searchable() -> None:
    black = np.zeros((96, 160, 3), np.uint8)
    batch = sampled([numbered_picture(0), black, np.full_like(black, 200), numbered_picture(3)])[0]
    assert batch.searchable.tolist() == [True, False, False, True]


def test_a_long_shot_is_handed_on_early() -> None:
    reader = PictureReader([numbered_picture(0)] * 200)
    sampler = VideoSampler(reader, frames_per_second=1.0, side_pixels=8, crop_bars=True, batch_size=1)
    next(iter(sampler))
    assert reader.taken <= SHOT_LIMIT_FRAMES + 1


def test_shots() -> None:
    frames = [
        SampledFrame(float(n), picture) for n, picture in enumerate([numbered_picture(0)] * 70 + [other_scene()] * 3)
    ]
    shots = list(split_shots(iter(frames)))
    assert [len(shot) for shot in shots] == [32, 32, 6, 3]
    assert [frame.time_seconds for shot in shots for frame in shot] == list(range(73))
    assert list(split_shots([])) == []


def test_a_real_video(tmp_path: Path) -> None:
    pictures = [letterboxed(numbered_picture(n, 160, 72), 12) for n in range(60)]
    write_pictures(tmp_path / "x.mp4", pictures, regular_times(60, 25), options={"preset": "ultrafast"})
    with sample_video(tmp_path / "x.mp4", frames_per_second=2, side_pixels=96, crop_bars=True) as sampler:
        (batch,) = list(sampler)
        assert sampler.duration_seconds == pytest.approx(2.4)
    assert batch.times_seconds == pytest.approx([0.0, 0.48, 1.0, 1.48, 2.0])
    assert [read_number(image) for image in batch.images] == [0, 12, 25, 37, 50]


def test_a_short_video_gives_the_least_frames(tmp_path: Path) -> None:
    pictures = [numbered_picture(n, 160, 96) for n in range(25)]
    write_pictures(tmp_path / "x.mp4", pictures, regular_times(25, 25), options={"preset": "ultrafast"})
    for least, expected in ((1, [0.0]), (5, [0.0, 0.2, 0.4, 0.6, 0.8]), (100, np.arange(25) / 25)):
        with sample_video(
            tmp_path / "x.mp4", frames_per_second=1, side_pixels=64, crop_bars=False, least_frames=least
        ) as sampler:
            assert np.concatenate([batch.times_seconds for batch in sampler]) == pytest.approx(expected)


def test_a_movie_comes_beside_the_same_frames(tmp_path: Path) -> None:
    pictures = [letterboxed(numbered_picture(n, 160, 72), 12) for n in range(90)]
    write_pictures(tmp_path / "x.mp4", pictures, regular_times(90, 25), options={"preset": "ultrafast"})

    def batches(movie_fps: float) -> list[FrameBatch]:
        with sample_video(
            tmp_path / "x.mp4", frames_per_second=1, side_pixels=96, crop_bars=True, movie_fps=movie_fps, batch_size=3
        ) as sampler:
            return list(sampler)

    plain, both = batches(0.0), batches(4.0)
    frames = [batch for batch in both if batch.view == 0]
    np.testing.assert_array_equal(
        np.concatenate([batch.images for batch in frames]), np.concatenate([batch.images for batch in plain])
    )
    movie = [batch for batch in both if batch.view == MOVIE_VIEW]
    assert np.concatenate([batch.times_seconds for batch in movie]) == pytest.approx(np.arange(15) / 4)
    small = np.concatenate([batch.images for batch in movie])
    assert small.shape == (15, 32, 32, 1)
    with sample_video(tmp_path / "x.mp4", frames_per_second=4, side_pixels=96, crop_bars=True) as sampler:
        finer = np.concatenate([batch.images for batch in sampler])
    for one, other in zip(small[..., 0], finer, strict=True):
        # The bars are cut off here too.
        assert np.abs(shrink(other).astype(int) - one).mean() < 4


def test_pictures_are_read_large_enough(tmp_path: Path) -> None:
    write_numbered(tmp_path / "x.mp4", regular_times(2, 25), width=960, height=640, options={"preset": "ultrafast"})
    with sample_video(tmp_path / "x.mp4", frames_per_second=1, side_pixels=400, crop_bars=False) as sampler:
        assert next(sampler._reader.frames_at(1))[1].shape == (500, 750, 3)


def test_wrong_arguments_and_files(tmp_path: Path) -> None:
    write_numbered(tmp_path / "x.mp4", regular_times(2, 25), options={"preset": "ultrafast"})
    with pytest.raises(ValueError, match="side_pixels=0"):
        sample_video(tmp_path / "x.mp4", frames_per_second=1, side_pixels=0, crop_bars=True)
    with pytest.raises(ValueError, match="batch_size=0"):
        sample_video(tmp_path / "x.mp4", frames_per_second=1, side_pixels=8, crop_bars=True, batch_size=0)
    with pytest.raises(VideoOpenError):
        sample_video(tmp_path / "none.mp4", frames_per_second=1, side_pixels=8, crop_bars=True)


def test_import_is_light() -> None:
    # Decoding processes start with this import, so it must not bring the heavy libraries along.
    code = "import sys, vdup.video.sampler; print(sorted({'torch', 'faiss', 'decord'} & set(sys.modules)))"
    root = Path(__file__).parents[2]
    done = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
