"""Memory as the kernel tells it, of processes that hold a known amount."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.processes import MemoryWatch, descendants, disk_bytes, memory_of, run_apart

pytestmark = pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")

HELD_BYTES = 64 << 20
HOLDER = f"held = bytearray({HELD_BYTES}); print('holding', flush=True); input()"


def start(program: str) -> subprocess.Popen[str]:
    """Starts Python with a program, and waits for the line by which it says that it is ready."""
    process = subprocess.Popen(
        [sys.executable, "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_memory_of_a_process() -> None:
    with start(HOLDER) as process:
        memory = memory_of(process.pid)
        assert memory is not None
        assert HELD_BYTES < memory.own <= memory.resident <= memory.peak < 4 * HELD_BYTES
        process.communicate("\n")
    assert memory_of(process.pid) is None


def test_an_ended_process_that_nobody_waited_for_has_no_memory() -> None:
    with start("print('ready', flush=True)") as process:
        os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
        assert memory_of(process.pid) is None


def test_descendants_reach_beyond_children() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {HOLDER!r}])"
    with start(parent) as process:
        mine = descendants(os.getpid())
        assert process.pid in mine
        [grandchild] = descendants(process.pid)
        assert grandchild in mine
        process.communicate("\n")
    assert process.pid not in descendants(os.getpid())


def test_watch_keeps_what_is_gone_by_its_end() -> None:
    with MemoryWatch(every_seconds=0.01) as watch, start(HOLDER) as process:
        while watch.started_peak_bytes < HELD_BYTES:
            pass
        process.communicate("\n")
    assert watch.main_peak_bytes >= watch.samples[0].main
    assert watch.together_peak_bytes >= watch.samples[0].main + HELD_BYTES
    seconds = [sample.seconds for sample in watch.samples]
    assert seconds == sorted(seconds)


def test_watch_of_a_process_that_has_ended_sees_nothing() -> None:
    with start("print('ready', flush=True)") as process:
        pass
    with MemoryWatch(process.pid) as watch:
        pass
    assert watch.samples == []
    assert watch.together_peak_bytes == 0


def test_run_apart_is_another_process() -> None:
    assert run_apart(os.getpid) != os.getpid()
    with pytest.raises(FileNotFoundError):
        run_apart(os.listdir, "/nowhere")


def test_disk_bytes_counts_blocks_and_not_lengths(tmp_path: Path) -> None:
    full, sparse = tmp_path / "full", tmp_path / "folder" / "sparse"
    sparse.parent.mkdir()
    full.write_bytes(os.urandom(100_000))
    with sparse.open("wb") as file:
        file.truncate(50_000_000)
    assert 100_000 <= disk_bytes(full) < 200_000
    assert disk_bytes(tmp_path) == disk_bytes(full) + disk_bytes(sparse.parent)
    assert disk_bytes(tmp_path) < 1_000_000
    assert disk_bytes() == 0
