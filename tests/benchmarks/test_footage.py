"""Made-up videos, and long ones by repetition."""

from pathlib import Path

import av
import numpy as np
import pytest

from benchmarks.footage import FRAMES_PER_SECOND, check_times, moving_pictures, repeat_video, write_moving_pictures

SIZE = (96, 64)


def shown_times(path: Path) -> list[float]:
    with av.open(str(path)) as reader:
        return [float(frame.time) for frame in reader.decode(video=0) if frame.time is not None]


def test_pictures_move_and_depend_on_the_seed() -> None:
    first, second, *_ = pictures = list(moving_pictures(SIZE, 1.0, 0))
    assert len(pictures) == FRAMES_PER_SECOND
    assert first.shape == (64, 96, 3)
    assert first.dtype == np.uint8
    assert (first != second).mean() > 0.5
    np.testing.assert_array_equal(first, next(moving_pictures(SIZE, 1.0, 0)))
    assert (first != next(moving_pictures(SIZE, 1.0, 1))).mean() > 0.5


@pytest.mark.parametrize("options", [{"preset": "ultrafast"}, {"preset": "veryfast", "bf": "2"}])
def test_a_repeated_video_plays_through(tmp_path: Path, options: dict[str, str]) -> None:
    short, long = tmp_path / "short.mp4", tmp_path / "long.mp4"
    write_moving_pictures(short, SIZE, 2.0, 0, options)
    assert repeat_video(short, long, 5.0) == 150
    np.testing.assert_allclose(shown_times(long), np.arange(150) / FRAMES_PER_SECOND, atol=1e-4)
    assert check_times(long) == pytest.approx(149 / FRAMES_PER_SECOND)


def test_times_that_go_back_are_refused(tmp_path: Path) -> None:
    short, broken = tmp_path / "short.mp4", tmp_path / "broken.ts"
    write_moving_pictures(short, SIZE, 1.0, 0, {"preset": "ultrafast"})
    part = tmp_path / "part.ts"
    with av.open(str(short)) as reader, av.open(str(part), "w") as writer:
        stream = reader.streams.video[0]
        copied = writer.add_stream_from_template(stream)
        for packet in reader.demux(stream):
            if packet.dts is not None:
                packet.stream = copied
                writer.mux(packet)
    broken.write_bytes(part.read_bytes() * 2)
    with pytest.raises(ValueError, match="do not follow one another"):
        check_times(broken)
