from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image
from vdup.train.families.pictures import Family, UnreadableError
from vdup.train.families.videos import VideoFamilies, draw_frame, draw_moments, shot_around
from vdup.train.families.workers import families_of
from vdup.train.material.photographs import thumbnail
from vdup.train.material.video_windows import Window
from video_factory import letterboxed, numbered_picture, read_number, regular_times, write_pictures

RATE, SIDE, VIEWS, MOMENTS = 8, 48, 3, 4
Picture = NDArray[np.uint8]


def scene_picture(scene: int, frame: int = 0) -> Picture:
    """A picture of few large shapes that drift; scenes have nothing in common."""
    coarse = np.random.default_rng(scene).integers(0, 256, (5, 8, 3), np.uint8)
    picture = np.asarray(Image.fromarray(coarse).resize((160, 96), Image.Resampling.BICUBIC))
    return np.roll(picture, frame // 4, axis=1)


def write_scenes(path: Path, scenes: Sequence[int], seconds_each: int = 4) -> Path:
    frames = [scene_picture(scene, frame) for scene in scenes for frame in range(seconds_each * RATE)]
    write_pictures(path, frames, regular_times(len(frames), RATE), options={"g": "16", "preset": "ultrafast"})
    return path


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("videos")
    return [
        write_scenes(folder / "changing.mp4", range(4)),
        write_scenes(folder / "still.mp4", [10] * 4),
        write_scenes(folder / "returning.mp4", [20, 21, 20, 21]),
    ]


def same(left: Family, right: Family) -> bool:
    return np.array_equal(left.images, right.images) and (left.edits, left.scene) == (right.edits, right.scene)


def test_moments_of_a_video_share_its_scene(videos: list[Path]) -> None:
    source = VideoFamilies(videos, VIEWS, SIDE, seed=0, moments=MOMENTS)
    assert len(source) == 3
    families = source.load(0)
    assert len(families) == 4
    for family in families:
        assert family.images.shape == (1 + VIEWS, SIDE, SIDE, 3)
        assert family.edits[0] == ""
        assert family.scene == 0
    assert {family.scene for family in source.load(2)} == {2}


def test_moments_that_look_the_same_are_taken_once(videos: list[Path]) -> None:
    source = VideoFamilies(videos, VIEWS, SIDE, seed=0, moments=MOMENTS)
    assert len(source.load(1)) == 1
    assert len(source.load(2)) == 2
    for number in range(3):
        small = [thumbnail(Image.fromarray(family.images[0])) for family in source.load(number)]
        for place, one in enumerate(small):
            assert all(np.sqrt(np.mean((one - other) ** 2)) > 10 for other in small[:place])


def test_most_moments_of_a_video(videos: list[Path]) -> None:
    assert len(VideoFamilies(videos, VIEWS, SIDE, seed=0, moments=2).load(0)) == 2


def test_neither_order_nor_processes_matter(videos: list[Path]) -> None:
    source = VideoFamilies(videos, VIEWS, SIDE, seed=3, moments=MOMENTS)
    here = {number: source.load(number, epoch=1) for number in (2, 0, 1)}
    for number, there in families_of(source, range(3), epoch=1, workers=2):
        assert len(there) == len(here[number])
        assert all(same(left, right) for left, right in zip(here[number], there, strict=True))
    assert not same(here[0][0], source.load(0, epoch=2)[0])
    assert not same(here[0][0], VideoFamilies(videos, VIEWS, SIDE, seed=4, moments=MOMENTS).load(0, epoch=1)[0])


def test_blank_moments_and_unreadable_videos(videos: list[Path], tmp_path: Path) -> None:
    black, text = tmp_path / "black.mp4", tmp_path / "text.mp4"
    write_pictures(black, [np.zeros((96, 160, 3), np.uint8)] * 30, regular_times(30, RATE))
    text.write_text("no video")
    source = VideoFamilies([black, text, tmp_path / "absent.mp4", videos[0]], VIEWS, SIDE, seed=0, moments=MOMENTS)
    with pytest.raises(UnreadableError, match=r"black\.mp4: none of its moments"):
        source.load(0)
    for number, name in ((1, "text"), (2, "absent")):
        with pytest.raises(UnreadableError, match=rf"{name}\.mp4: "):
            source.load(number)
    assert len(source.load(3)) == 4


def test_a_video_of_one_frame(tmp_path: Path) -> None:
    path = tmp_path / "one.mp4"
    write_pictures(path, [scene_picture(1)], regular_times(1, RATE))
    (family,) = VideoFamilies([path], 6, SIDE, seed=0).load(0)
    assert family.images.shape == (7, SIDE, SIDE, 3)


def test_moments_are_spread_and_their_copies_never_meet() -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        moments = draw_moments(60.0, 8, rng)
        assert [int(moment // 7.5) for moment in moments] == list(range(8))
        assert np.diff(moments).min() >= 1.5
        assert len(draw_moments(10.0, 8, rng)) == 3
        assert 0 <= draw_moments(0.5, 8, rng)[0] <= 0.5
    assert draw_moments(0.0, 8, np.random.default_rng(0)) == [0.0]


def window_of(pictures: list[Picture]) -> Window:
    return Window(np.arange(len(pictures)) / RATE, tuple(pictures))


def test_a_shot_ends_at_cuts() -> None:
    window = window_of([scene_picture(scene) for scene in (0, 0, 1, 1, 1, 2)])
    for anchor, (start, stop) in {0: (0, 2), 1: (0, 2), 3: (2, 5), 5: (5, 6)}.items():
        shot, place = shot_around(window, anchor)
        assert shot.times_seconds.tolist() == window.times_seconds[start:stop].tolist()
        assert place == anchor - start
        np.testing.assert_array_equal(shot.pictures[place], window.pictures[anchor])


def test_bars_are_cut_off() -> None:
    window = window_of([letterboxed(scene_picture(0, frame), 16) for frame in range(6)])
    shot, anchor = shot_around(window, 2)
    height = shot.pictures[anchor].shape[0]
    assert abs(height - 96) <= 4
    assert shot.pictures[anchor].shape[1] == 160


def test_copies_show_near_frames_and_blends() -> None:
    shot = window_of([numbered_picture(number) for number in range(17)])
    rng = np.random.default_rng(0)
    shown = [draw_frame(shot, 1.0, rng) for _ in range(200)]
    whole = [picture for picture in shown if any(np.array_equal(picture, frame) for frame in shot.pictures)]
    assert {read_number(picture) for picture in whole} == set(range(4, 13))
    assert 0.15 < 1 - len(whole) / len(shown) < 0.45
    for picture in shown:
        if not any(np.array_equal(picture, frame) for frame in shot.pictures):
            errors = []
            for one, two in zip(shot.pictures, shot.pictures[1:], strict=False):
                low, high = np.minimum(one, two).astype(int) - 1, np.maximum(one, two).astype(int) + 1
                errors.append(((picture < low) | (picture > high)).sum())
            assert min(errors) == 0


def test_a_single_frame_is_its_own_copy() -> None:
    shot = window_of([scene_picture(0)])
    np.testing.assert_array_equal(draw_frame(shot, 0.0, np.random.default_rng(0)), shot.pictures[0])


def test_digest_and_impossible_settings(videos: list[Path]) -> None:
    digests = {VideoFamilies(videos, VIEWS, SIDE, 0, moments).digest for moments in (2, 3)}
    assert len(digests | {VideoFamilies(videos[:2], VIEWS, SIDE, 0, 2).digest}) == 3
    with pytest.raises(ValueError, match="moments=0"):
        VideoFamilies(videos, VIEWS, SIDE, 0, moments=0)
    with pytest.raises(ValueError, match="views=0"):
        VideoFamilies(videos, 0, SIDE, 0)
