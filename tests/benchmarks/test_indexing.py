"""Repetitions, and the parts of a library on the disk."""

from pathlib import Path

import pytest

from benchmarks.indexing import Work, disk_parts, repeated

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")


def test_quick_work_is_done_three_times() -> None:
    calls: list[int] = []

    def work() -> Work:
        calls.append(len(calls))
        return Work(frames=7, video_seconds=3.5)

    measured = repeated(work)
    assert calls == [0, 1, 2]
    assert (measured.repetitions, measured.frames, measured.video_seconds) == (3, 7, 3.5)
    assert measured.main_peak_bytes > 1 << 20


def test_every_file_counts_in_one_part(tmp_path: Path) -> None:
    (tmp_path / "descriptors").mkdir()
    names = ["codes-0.bin", "rows-0.bin", "frames-0.index", "descriptors/segment", "catalogue.sqlite", "manifest.json"]
    for number, name in enumerate(names):
        (tmp_path / name).write_bytes(bytes(range(1, 256)) * 257 * (number + 1))
    parts = disk_parts(tmp_path)
    blocks = {name: (tmp_path / name).stat().st_blocks * 512 for name in names}
    assert parts == {
        "codes and rows": blocks["codes-0.bin"] + blocks["rows-0.bin"],
        "frame index": blocks["frames-0.index"],
        "descriptors": blocks["descriptors/segment"],
        "catalogue and the rest": blocks["catalogue.sqlite"] + blocks["manifest.json"],
    }
