from dataclasses import replace
from pathlib import Path

from result_factory import console

from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import StoreConfig
from vdup.report.library_report import print_figures, print_moved, print_problems, print_removed, print_videos

LONG_ID = "a/" * 100 + "[x].mp4"


def record(video_id: str, **measures: object) -> VideoRecord:
    plain = VideoRecord(
        id=video_id,
        path=Path(video_id),
        size_bytes=1,
        modified_ns=1,
        content_hash="",
        state=VideoState.indexed,
        indexed_at="2025-01-02T03:04:05+00:00",
    )
    return replace(plain, **measures)  # type: ignore[arg-type]


def test_videos_one_a_line() -> None:
    screen, text = console()
    records = [
        record(LONG_ID, duration_seconds=3661.5, width=640, height=360),
        record("b.mp4", state=VideoState.failed, reason="not a video"),
        record("c.mp4", number=7),
    ]
    print_videos(records, lambda number: ((2.4, 6.6),) if number == 7 else (), screen)
    heading, first, second, third = text.getvalue().splitlines()
    assert heading.split() == ["id", "state", "length", "picture", "indexed", "at", "(UTC)", "remark"]
    assert first.split() == [LONG_ID, "indexed", "1:01:01.5", "640x360", "2025-01-02", "03:04:05"]
    assert second.split() == ["b.mp4", "failed", "2025-01-02", "03:04:05", "not", "a", "video"]
    assert third.split()[-6:] == ["damaged", "from", "2.4", "to", "6.6", "s"]


def test_empty_library() -> None:
    screen, text = console()
    print_videos([], lambda _: (), screen)
    assert text.getvalue() == "the library is empty\n"


def test_figures() -> None:
    screen, text = console()
    print_figures({"videos indexed": 3, "hours of video": 1.5, "index": "flat"}, screen)
    assert [line.rsplit(maxsplit=1)[-1] for line in text.getvalue().splitlines()] == ["3", "1.5", "flat"]


def test_removed() -> None:
    screen, text = console()
    print_removed([record(LONG_ID)], screen)
    assert text.getvalue().splitlines()[0] == f"removed {LONG_ID}"


def test_problems() -> None:
    screen, text = console()
    print_problems(["codes-0.bin: 3 bytes, expected 128"], Path("lib"), screen)
    assert text.getvalue().splitlines() == ["codes-0.bin: 3 bytes, expected 128", "lib: 1 problem"]
    screen, text = console()
    print_problems([], Path("lib"), screen)
    assert text.getvalue() == "lib: no problems\n"


def test_moved() -> None:
    screen, text = console()
    print_moved(7, StoreConfig(url="http://h:6333", collection="c"), screen)
    assert text.getvalue().startswith("7 descriptors are in collection c of http://h:6333;")
