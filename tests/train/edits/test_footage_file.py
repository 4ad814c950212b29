import io
import logging
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from vdup.train.edits.footage_file import picture_size, read_frames, real_clips, recode, video_frames, write_frames
from vdup.train.edits.types import Frames

from vdup.errors import VideoOpenError

RATE = Fraction(25)


def numbered(count: int, width: int = 64, height: int = 48) -> Frames:
    """Frames whose gray level says their number: 5 levels a frame."""
    levels = (10 + 5 * np.arange(count)).astype(np.uint8)
    return np.ascontiguousarray(np.broadcast_to(levels[:, None, None, None], (count, height, width, 3)))


def number_of(frame: Frames) -> int:
    return round((float(frame.mean()) - 10) / 5)


def test_frames_come_back_in_order(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    source = numbered(40)
    assert write_frames(path, [source[:13], source[13:]], (64, 48), RATE, crf=10) == 40
    assert [number_of(frame) for frame in read_frames(path)] == list(range(40))
    assert [number_of(frame) for frame in read_frames(path, (32, 24), 7, 12)] == [7, 8, 9, 10, 11]
    assert next(read_frames(path, (32, 24))).shape == (24, 32, 3)
    assert picture_size(path) == (64, 48)


def test_other_sizes_are_scaled_to_the_files(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_frames(path, [numbered(2), numbered(2, 31, 17)], (48, 32), RATE)
    assert [frame.shape for frame in read_frames(path)] == [(32, 48, 3)] * 4


def test_odd_sizes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"size=\(63, 48\) must be even"):
        write_frames(tmp_path / "clip.mp4", [numbered(1)], (63, 48), RATE)


def test_recoding_loses_detail_and_keeps_the_form() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (5, 64, 64, 3), np.uint8)
    worse, better = recode(noise, (64, 64), RATE, 45), recode(noise, (64, 64), RATE, 20)
    assert worse.shape == noise.shape
    assert worse.dtype == np.uint8
    assert np.abs(worse.astype(int) - noise).mean() > np.abs(better.astype(int) - noise).mean() > 0


@pytest.mark.parametrize("rate", [Fraction(25), Fraction(10), Fraction(50), Fraction(24)])
def test_video_frames_shows_what_is_on_screen(tmp_path: Path, rate: Fraction) -> None:
    path = tmp_path / "clip.mp4"
    write_frames(path, [numbered(40)], (64, 48), RATE, crf=10)
    shown = [number_of(frame) for frame in video_frames(path, rate, (64, 48), 1.0, start_seconds=0.4)]
    expected = [int((0.4 + k / float(rate)) * 25 + 1e-3) for k in range(int(rate))]
    assert shown == expected


def test_video_frames_ends_with_the_video(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    write_frames(path, [numbered(40)], (64, 48), RATE, crf=10)
    assert len(list(video_frames(path, RATE, (64, 48), 60.0))) == 40


def test_files_without_picture_are_named(tmp_path: Path) -> None:
    path = tmp_path / "letter.mp4"
    path.write_text("not a video")
    for call in (
        lambda: list(read_frames(path)),
        lambda: list(video_frames(path, RATE, (32, 32), 1.0)),
        lambda: picture_size(path),
    ):
        with pytest.raises(VideoOpenError, match=r"letter\.mp4.*cannot be opened"):
            call()
    with pytest.raises(VideoOpenError, match="memory"):
        list(read_frames(io.BytesIO(b"nothing")))


def test_real_clips_leaves_bad_files_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    good, bad = tmp_path / "good.mp4", tmp_path / "bad.mp4"
    write_frames(good, [numbered(30)], (64, 48), RATE, crf=10)
    bad.write_bytes(b"\0" * 100)
    with caplog.at_level(logging.WARNING):
        clips = list(real_clips([bad, good], RATE, (32, 24), 1.0))
    assert [clip.shape for clip in clips] == [(25, 24, 32, 3)]
    assert "bad.mp4" in caplog.text
