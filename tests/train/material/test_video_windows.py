from contextlib import closing
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from vdup.train.material.video_windows import WindowReader
from video_factory import damage, read_number, regular_times, write_numbered, write_sound_only

from vdup.errors import NoVideoStreamError, VideoOpenError

RATE = 25


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("video") / "numbers.mp4"
    write_numbered(path, regular_times(100, RATE), options={"g": "30"})
    return path


@pytest.mark.parametrize("seconds", [2.01, 3.31, 0.91, 1.51])
def test_frames_around_a_moment(video: Path, seconds: float) -> None:
    with closing(WindowReader(video, 320)) as reader:
        assert reader.duration_seconds == pytest.approx(4.0, abs=0.05)
        window = reader.around(seconds, 0.5)
    assert window is not None
    expected = [number for number in range(100) if abs(number / RATE - seconds) <= 0.5 + 1e-4]
    assert [read_number(picture) for picture in window.pictures] == expected
    np.testing.assert_allclose(window.times_seconds, np.array(expected) / RATE, atol=1e-3)
    assert abs(window.times_seconds[window.nearest(seconds)] - seconds) <= 0.5 / RATE + 1e-3


def test_windows_are_cut_at_both_ends_of_the_video(video: Path) -> None:
    with closing(WindowReader(video, 320)) as reader:
        late, early, behind = reader.around(4.2, 0.5), reader.around(0.0, 0.2), reader.around(9.0, 0.5)
    assert late is not None
    assert early is not None
    assert [read_number(picture) for picture in late.pictures] == list(range(93, 100))
    assert [read_number(picture) for picture in early.pictures] == list(range(6))
    assert behind is None


def test_fast_videos_are_thinned(tmp_path: Path) -> None:
    write_numbered(tmp_path / "fast.mp4", regular_times(120, 100))
    with closing(WindowReader(tmp_path / "fast.mp4", 320)) as reader:
        window = reader.around(0.5, 0.25)
    assert window is not None
    assert np.diff(window.times_seconds).min() >= 0.025
    assert 15 <= len(window.pictures) <= 18


def test_frames_are_upright_and_scaled(tmp_path: Path) -> None:
    times = regular_times(10, RATE)
    for degrees in (0, 90, 180, 270):
        path = tmp_path / f"{degrees}.mp4"
        write_numbered(path, times, width=160, height=96, rotation_degrees=degrees)
        with closing(WindowReader(path, 48)) as reader:
            window = reader.around(0.0, 0.2)
        assert window is not None
        assert window.pictures[0].shape == (48, 80, 3)
        assert [read_number(picture) for picture in window.pictures] == list(range(6))


def test_time_starts_with_the_first_frame(tmp_path: Path) -> None:
    path = tmp_path / "late.ts"
    write_numbered(path, [time + Fraction(7) for time in regular_times(50, RATE)], container="mpegts")
    with closing(WindowReader(path, 320)) as reader:
        window = reader.around(1.0, 0.1)
    assert window is not None
    assert [read_number(picture) for picture in window.pictures] == list(range(23, 28))


def test_damage_costs_frames_only(video: Path, tmp_path: Path) -> None:
    damage(video, tmp_path / "damaged.mp4", 0.4, 3000)
    with closing(WindowReader(tmp_path / "damaged.mp4", 320)) as reader:
        windows = [reader.around(seconds, 0.5) for seconds in (0.5, 1.5, 2.5, 3.5)]
    assert windows[0] is not None
    assert len(windows[0].pictures) >= 20


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    write_sound_only(tmp_path / "sound.mp4")
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(NoVideoStreamError):
        WindowReader(tmp_path / "sound.mp4", 320)
    for name in ("text.mp4", "absent.mp4"):
        with pytest.raises(VideoOpenError, match=name):
            WindowReader(tmp_path / name, 320)
