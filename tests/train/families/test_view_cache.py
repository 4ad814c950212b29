import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from family_sources import SIDE, VIEWS, NumberedFamilies, family_processes
from numpy.typing import NDArray
from vdup.train.families.view_cache import open_or_build_views

from vdup.errors import ConfigError, OutputError

FILES = ("inputs.npy", "families.jsonl", "state.json")
SOURCE = NumberedFamilies(parts=21, unreadable=(4,))


def halves(images: NDArray[np.uint8]) -> NDArray[np.float16]:
    """Depends on the rest of the batch, as the last digits of a network's results may."""
    return (images[:, ::2] / np.float16(2) + len(images)).astype(np.float16)


def contents(folder: Path) -> list[bytes]:
    return [(folder / name).read_bytes() for name in FILES]


def test_inputs_edits_and_scenes_of_all_families(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    steps: list[tuple[int, int]] = []
    source = NumberedFamilies(parts=5, per_part=3, unreadable=(1,))
    folder = tmp_path / "new" / "cache"
    cache = open_or_build_views(folder, "k", source, halves, lambda done, total: steps.append((done, total)), workers=2)
    assert cache.inputs.dtype == np.float16
    assert cache.inputs.shape == (12, 1 + VIEWS, SIDE // 2, SIDE, 3)
    assert not cache.inputs.flags.writeable
    readable = [number for number in range(5) if number != 1]
    assert cache.scenes.tolist() == [number for number in readable for _ in range(3)]
    assert cache.edits == (("", "edit0", "edit1"),) * 12
    # 12 families: one call with 8 of them, one with the rest.
    batches = [8 * (1 + VIEWS)] * 8 + [4 * (1 + VIEWS)] * 4
    families = [family for number in readable for family in source.load(number)]
    for row, family, batch in zip(cache.inputs, families, batches, strict=True):
        np.testing.assert_array_equal(row, (family.images[:, ::2] / 2 + batch).astype(np.float16))
    assert steps == [(done, 5) for done in range(1, 6)]
    assert "skipped part1: not a picture" in caplog.text


def test_a_finished_cache_is_only_opened(tmp_path: Path) -> None:
    built = open_or_build_views(tmp_path, "k", SOURCE, halves, workers=1)

    def never(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        raise AssertionError("built again")

    opened = open_or_build_views(tmp_path, "k", SOURCE, never, workers=1)
    np.testing.assert_array_equal(opened.inputs, built.inputs)
    assert opened.edits == built.edits
    np.testing.assert_array_equal(opened.scenes, built.scenes)


class _StopError(Exception):
    pass


@pytest.mark.parametrize("calls", [0, 1, 2])
def test_an_interrupted_build_ends_up_the_same(tmp_path: Path, calls: int) -> None:
    open_or_build_views(tmp_path / "whole", "k", SOURCE, halves, workers=1)
    done = 0

    def stops(images: NDArray[np.uint8]) -> NDArray[np.float16]:
        nonlocal done
        done += 1
        if done > calls:
            raise _StopError
        return halves(images)

    with pytest.raises(_StopError):
        open_or_build_views(tmp_path / "cut", "k", SOURCE, stops, workers=2)
    assert not family_processes()
    # What a crash leaves behind the recorded lengths.
    for name in FILES[:2]:
        with (tmp_path / "cut" / name).open("ab") as file:
            file.write(b"half a family")
    steps: list[int] = []
    open_or_build_views(tmp_path / "cut", "k", SOURCE, halves, lambda step, _: steps.append(step), workers=1)
    assert steps[0] == 8 * calls + 1
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


_SLOW_BUILD = """
import signal, sys, time
from pathlib import Path
import numpy as np
from family_sources import family_processes, NumberedFamilies
from vdup.train.families.view_cache import open_or_build_views

blocks = []

def slow(images):
    blocks.append(len(images))
    print(len(images), flush=True)
    if len(blocks) == 2:
        time.sleep(60)  # until the signal comes
    return (images[:, ::2] / np.float16(2) + len(images)).astype(np.float16)

if __name__ == "__main__":
    # A shell's background jobs ignore it, and their children inherit that.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    open_or_build_views(Path(sys.argv[1]), "k", NumberedFamilies(21, unreadable=(4,)), slow, workers=2)
"""


def _children(parent: int) -> set[int]:
    found = set()
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == parent and fields[0] != "Z":
            found.add(int(stat.parent.name))
    return found


def _alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="looks for processes in /proc")
@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGINT])
def test_a_killed_build_leaves_no_process_and_can_be_finished(tmp_path: Path, way: signal.Signals) -> None:
    script = tmp_path / "build.py"
    script.write_text(_SLOW_BUILD)
    tests = Path(__file__).parents[1]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(tests), str(tests.parent)])}
    with subprocess.Popen(
        [sys.executable, str(script), str(tmp_path / "cut")],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as build:
        assert build.stdout is not None
        build.stdout.readline()
        build.stdout.readline()  # the first block is written
        children = _children(build.pid)
        assert children
        build.send_signal(way)
        build.wait(120)
    deadline = time.monotonic() + 120
    while any(map(_alive, children)) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not any(map(_alive, children))
    assert json.loads((tmp_path / "cut" / "state.json").read_text())["parts_done"] == 8
    open_or_build_views(tmp_path / "cut", "k", SOURCE, halves, workers=1)
    open_or_build_views(tmp_path / "whole", "k", SOURCE, halves, workers=1)
    assert contents(tmp_path / "cut") == contents(tmp_path / "whole")


@pytest.mark.parametrize(("key", "source"), [("other", SOURCE), ("k", NumberedFamilies(parts=20))])
def test_a_cache_of_something_else_is_refused(tmp_path: Path, key: str, source: NumberedFamilies) -> None:
    open_or_build_views(tmp_path, "k", SOURCE, halves, workers=1)
    before = contents(tmp_path)
    with pytest.raises(ConfigError, match="name another folder or remove this one"):
        open_or_build_views(tmp_path, key, source, halves, workers=1)
    assert contents(tmp_path) == before


@pytest.mark.parametrize("name", FILES)
def test_a_damaged_cache_is_refused(tmp_path: Path, name: str) -> None:
    open_or_build_views(tmp_path, "k", SOURCE, halves, workers=1)
    content = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(content[: len(content) // 2])
    with pytest.raises(ConfigError, match="damaged"):
        open_or_build_views(tmp_path, "k", SOURCE, halves, workers=1)


def test_nothing_readable_is_refused(tmp_path: Path) -> None:
    for _ in range(2):
        with pytest.raises(ConfigError, match="none of the 2 photographs and videos"):
            open_or_build_views(tmp_path, "k", NumberedFamilies(2, unreadable=(0, 1)), halves, workers=1)


def test_a_place_that_takes_no_files(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"):
        open_or_build_views(tmp_path / "file", "k", SOURCE, halves, workers=1)


def test_results_of_another_form_are_refused(tmp_path: Path) -> None:
    wrong = {
        "not float16": lambda images: images.astype(np.float32),
        "float16 rows": lambda images: images[1:].astype(np.float16),
        "not finite": lambda images: np.full(len(images), np.inf, np.float16),
    }
    for text, compute in wrong.items():
        with pytest.raises(ValueError, match=text):
            open_or_build_views(tmp_path, "k", NumberedFamilies(2), compute, workers=1)
