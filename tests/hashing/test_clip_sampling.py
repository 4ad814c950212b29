from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from video_factory import LAST_FRAME_LENGTH, read_number, regular_times, write_numbered

from vdup.config import SamplingConfig
from vdup.errors import VideoError
from vdup.hashing.clip_sampling import clip_pool, on_screen, read_clip


def test_the_frame_on_screen_is_the_last_that_began() -> None:
    frames = [(0.0, "a"), (1.0, "b"), (1.5, "c"), (4.0, "d")]
    assert "".join(on_screen(frames, [0.0, 0.9, 1.0, 1.6, 3.9, 4.0, 9.0])) == "aabccdd"
    assert "".join(on_screen(frames[1:], [0.5, 1.2])) == "bb"
    assert list(on_screen(iter(()), [1.0])) == []


def test_frames_are_read_no_farther_than_needed() -> None:
    def frames() -> Iterator[tuple[float, int]]:
        yield 0.0, 0
        yield 2.0, 1
        raise AssertionError

    assert next(iter(on_screen(frames(), [1.0]))) == 0


@pytest.mark.parametrize("frames", [4, 30])
def test_clips_are_spread_over_the_video(tmp_path: Path, frames: int) -> None:
    write_numbered(tmp_path / "v.mp4", regular_times(20, 10))
    with clip_pool(SamplingConfig(workers=1), frames, 64) as pool:
        [clip] = [read_clip(video) for video in pool.videos([tmp_path / "v.mp4"])]
    assert clip.shape == (frames, 64, 64, 3)
    seconds = 1.9 + float(LAST_FRAME_LENGTH)
    moments = [(place + 0.5) * seconds / frames for place in range(frames)]
    shown = [read_number(np.repeat(np.repeat(picture, 3, 0), 3, 1)) for picture in clip]
    assert shown == [int(moment * 10 + 1e-6) for moment in moments]


def test_a_bad_file_says_why(tmp_path: Path) -> None:
    (tmp_path / "v.mp4").write_bytes(b"nothing")
    with clip_pool(SamplingConfig(workers=1), 4, 32) as pool:
        for video in pool.videos([tmp_path / "v.mp4"]):
            with pytest.raises(VideoError, match=r"v\.mp4"):
                read_clip(video)
