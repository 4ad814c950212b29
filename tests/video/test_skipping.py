from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import cast

import av
import numpy as np
import pytest

from vdup.video.pyav import PyAVReader
from vdup.video.skipping import SKIPPING_CODECS, TickSelection, VideoPacket
from vdup.video.ticks import frames_at_ticks


@dataclass
class FakePacket:
    pts: int | None
    size: int = 1
    is_discard: bool = False
    is_corrupt: bool = False


def wanted(
    packets: list[FakePacket], frames_per_second: float, time_base: float = 0.04, first_pts: int | None = 0
) -> list[bool]:
    selection = TickSelection(time_base, frames_per_second)
    selection.starts_at(first_pts)
    source = cast("Iterator[VideoPacket]", iter(packets))
    return [is_wanted for _, is_wanted in selection.packets(source)]


def in_decoding_order(count: int) -> list[int]:
    """0, 4, 2, 1, 3, 8, 6, 5, 7 ...: a pyramid of B-frames."""
    order = [0]
    for base in range(0, count, 4):
        order += [base + step for step in (4, 2, 1, 3)]
    return order


@pytest.mark.parametrize("frames_per_second", [0.5, 1, 2, 7, 30])
@pytest.mark.parametrize("first", [0, 90])
def test_what_ticks_show_is_wanted_and_little_else(frames_per_second: float, first: int) -> None:
    order = in_decoding_order(300)
    answers = wanted([FakePacket(pts + first) for pts in order], frames_per_second, first_pts=first)
    asked = {pts for pts, answer in zip(order, answers, strict=True) if answer}
    times = np.arange(len(order), dtype=np.float64) * 0.04
    shown = set(frames_at_ticks(times, len(order) * 0.04, frames_per_second).tolist())
    assert shown <= asked
    # A tick on the border of two pictures asks for both; the last three are asked for always.
    assert asked <= shown | {row - 1 for row in shown} | {298, 299, 300}


def test_variable_frame_rate() -> None:
    times = [0, 1, 2, 30, 31, 90, 91, 92, 93, 94, 95]
    answers = wanted([FakePacket(pts) for pts in times], 1.0)
    assert answers == [True, False, True, False, True, False, False, False, True, True, True]


@pytest.mark.parametrize(
    "odd",
    [FakePacket(None), FakePacket(60, is_discard=True), FakePacket(60, is_corrupt=True), FakePacket(10)],
    ids=["no time", "not to be shown", "corrupt", "backwards"],
)
def test_from_the_first_odd_packet_on_all_is_wanted(odd: FakePacket) -> None:
    packets = [FakePacket(pts) for pts in range(60)] + [odd] + [FakePacket(pts) for pts in range(61, 200)]
    answers = wanted(packets, 1.0)
    assert not all(answers[:50])
    assert all(answers[60:])


def test_all_is_wanted_until_the_first_picture_came_out() -> None:
    assert all(wanted([FakePacket(pts) for pts in range(100)], 1.0, first_pts=None))


def test_the_end_of_the_stream_is_passed_on() -> None:
    answers = wanted([*(FakePacket(pts) for pts in range(100)), FakePacket(None, size=0)], 1.0)
    assert len(answers) == 101
    assert not all(answers[:90])


def encode(path: Path, codec: str, frames: int, options: dict[str, str]) -> None:
    rng = np.random.default_rng(0)
    base = rng.integers(0, 256, (96 + frames, 128, 3), dtype=np.uint8)
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=Fraction(24), options=options)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        for number in range(frames):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(base[number : number + 96]), format="rgb24")
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
@pytest.mark.parametrize(
    ("encoder", "codec", "options"),
    [
        ("libx264", "h264", {"bf": "3", "g": "60"}),
        ("libx264", "h264", {"bf": "8", "b-pyramid": "none", "x264-params": "open-gop=1:keyint=24"}),
        ("libx264", "h264", {"tune": "zerolatency"}),
        ("libx265", "hevc", {"x265-params": "log-level=none:keyint=48"}),
    ],
    ids=["x264", "x264 with open groups", "x264 without B-frames", "x265"],
)
@pytest.mark.parametrize("frames_per_second", [1.0, 3.0])
def test_frames_are_the_same_as_without_skipping(
    tmp_path: Path,
    suffix: str,
    encoder: str,
    codec: str,
    options: dict[str, str],
    frames_per_second: float,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert codec in SKIPPING_CODECS
    path = tmp_path / f"video.{suffix}"
    encode(path, encoder, 150, options)
    with PyAVReader(path) as reader:
        skipped = list(reader.frames_at(frames_per_second))
        length = reader.duration_seconds
    monkeypatch.setattr("vdup.video.pyav.SKIPPING_CODECS", frozenset())
    with PyAVReader(path) as reader:
        plain = list(reader.frames_at(frames_per_second))
        assert reader.duration_seconds == length
    assert [time for time, _ in skipped] == [time for time, _ in plain]
    for (_, one), (_, other) in zip(skipped, plain, strict=True):
        np.testing.assert_array_equal(one, other)
