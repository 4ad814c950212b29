from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from video_factory import numbered_picture, read_number

from vdup.video.reader import open_video
from vdup.video.writer import write_video


@pytest.mark.parametrize(
    ("rate", "codec", "name"),
    [
        (25, "libx264", "x.mp4"),
        (Fraction(30_000, 1001), "libx264", "x.mkv"),
        (12.5, "libx264", "x.mov"),
        (10, "mpeg4", "x.avi"),
        (24, "libvpx-vp9", "x.webm"),
    ],
)
def test_what_was_written_is_read(tmp_path: Path, rate: float | Fraction, codec: str, name: str) -> None:
    options = {"deadline": "realtime", "cpu-used": "8"} if codec == "libvpx-vp9" else None
    count = write_video(tmp_path / name, (numbered_picture(n) for n in range(30)), rate, codec, options)
    assert count == 30
    with open_video(tmp_path / name) as reader:
        got = list(reader.frames_at(240))
    assert [read_number(picture) for _, picture in got] == list(range(30))
    assert [time for time, _ in got] == pytest.approx([n / float(rate) for n in range(30)], abs=0.001)


@pytest.mark.parametrize(
    ("pictures", "text"),
    [
        ([], "at least one frame"),
        ([np.zeros((5, 6, 3), np.uint8)], "even H and W"),
        ([np.zeros((6, 6), np.uint8)], "shape"),
        ([np.zeros((6, 6, 3), np.float32)], "float32"),
        ([np.zeros((16, 16, 3), np.uint8), np.zeros((16, 18, 3), np.uint8)], "frame 1 is uint8"),
    ],
)
def test_wrong_frames(tmp_path: Path, pictures: list[NDArray[np.uint8]], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        write_video(tmp_path / "x.mp4", pictures, 25)


def test_wrong_rate_and_codec(tmp_path: Path) -> None:
    picture = [numbered_picture(0)]
    with pytest.raises(ValueError, match="must be positive, got 0"):
        write_video(tmp_path / "x.mp4", picture, 0)
    with pytest.raises(ValueError, match="codec=nonsense"):
        write_video(tmp_path / "x.mp4", picture, 25, "nonsense")
    with pytest.raises(ValueError, match="codec=aac encodes audio, not video"):
        write_video(tmp_path / "x.mp4", picture, 25, "aac")
