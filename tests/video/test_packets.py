from fractions import Fraction
from pathlib import Path

import pytest
from video_factory import LAST_FRAME_LENGTH, regular_times, write_numbered, write_sound_only

from vdup.errors import VideoDecodeError
from vdup.video.packets import read_packet_times

B_FRAMES = {"preset": "veryfast", "g": "10", "bf": "3"}


@pytest.mark.parametrize("rate", [25, Fraction(30_000, 1001)])
def test_times_are_exact_and_in_order(tmp_path: Path, rate: int | Fraction) -> None:
    times = regular_times(60, rate)
    write_numbered(tmp_path / "x.mp4", times, options=B_FRAMES)
    found = read_packet_times(tmp_path / "x.mp4")
    assert found.times_seconds == pytest.approx([float(time) for time in times], abs=1e-5)
    assert found.end_seconds == pytest.approx(float(times[-1] + LAST_FRAME_LENGTH), abs=0.01)


@pytest.mark.parametrize(
    ("name", "codec", "options", "text"),
    [
        ("x.avi", "mpeg4", {}, "container avi"),
        ("x.mp4", "mpeg4", {}, "codec mpeg4"),
        ("x.mp4", "libx264", {"preset": "veryfast", "g": "12", "bf": "3", "x264-params": "open-gop=1"}, "open groups"),
    ],
)
def test_refusals(tmp_path: Path, name: str, codec: str, options: dict[str, str], text: str) -> None:
    write_numbered(tmp_path / name, regular_times(60, 25), codec=codec, options=options, time_base=Fraction(1, 25))
    with pytest.raises(VideoDecodeError, match=text):
        read_packet_times(tmp_path / name)


def test_no_picture_and_no_media_file(tmp_path: Path) -> None:
    write_sound_only(tmp_path / "sound.mp4")
    with pytest.raises(VideoDecodeError, match="no video stream"):
        read_packet_times(tmp_path / "sound.mp4")
    (tmp_path / "text.mp4").write_text("no film")
    with pytest.raises(VideoDecodeError, match="holds text"):
        read_packet_times(tmp_path / "text.mp4")
