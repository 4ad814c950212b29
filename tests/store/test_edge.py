import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import NoReturn

import numpy as np
import pytest
from descriptor_oracle import some_descriptors
from folder_state import state_of

from vdup.errors import LibraryError, StoreDamagedError, StoreError
from vdup.store.edge import EdgeVideoReader, EdgeVideoStore

DIMENSIONS = 16

WRITER = """
import sys
from pathlib import Path
import numpy as np
from descriptor_oracle import some_descriptors
from vdup.store.edge import EdgeVideoStore

store = EdgeVideoStore(Path(sys.argv[1]), 16)
number = 0
while True:
    videos = range(number, number + 5)
    store.upsert([some_descriptors(np.random.default_rng(video), video, 4, 16) for video in videos])
    number += 5
    print(number, flush=True)
"""

SECOND = """
import sys
from pathlib import Path
from vdup.errors import StoreError
from vdup.store.edge import EdgeVideoStore

try:
    EdgeVideoStore(Path(sys.argv[1]), 16)
except StoreError as error:
    print(error)
"""


def python(script: str, folder: Path) -> tuple[list[str], dict[str, str]]:
    """Command and environment of a fresh interpreter that imports what this one does."""
    return [sys.executable, "-c", script, str(folder)], {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}


def test_reopened_store_holds_what_was_written(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    items = [some_descriptors(rng, number, 3, DIMENSIONS) for number in range(5)]
    with EdgeVideoStore(tmp_path / "deep" / "store", DIMENSIONS) as store:
        store.upsert(items)
        before = list(store.iterate())
        hits = store.search(items[3].vectors, 4)
    with EdgeVideoStore(tmp_path / "deep" / "store", DIMENSIONS) as store:
        assert store.count() == 15
        assert store.search(items[3].vectors, 4) == hits
        for item, expected in zip(store.iterate(), before, strict=True):
            np.testing.assert_array_equal(item.vectors, expected.vectors)
        store.remove([2])
    with EdgeVideoStore(tmp_path / "deep" / "store", DIMENSIONS) as store:
        assert store.video_numbers() == {0, 1, 3, 4}


def test_a_second_process_is_told_at_once(tmp_path: Path) -> None:
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store:
        command, environment = python(SECOND, tmp_path)
        second = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
        assert f"{tmp_path}: another process has it open: wait until that one has finished" in second.stdout
        assert store.count() == 0


def test_a_killed_writer_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    command, environment = python(WRITER, tmp_path)
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        for line in writer.stdout:
            if int(line) >= 20:
                break
        writer.send_signal(signal.SIGKILL)
        acknowledged = max([int(line), *map(int, writer.stdout.read().split())])
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store:
        stored = {item.video_number: item for item in store.iterate()}
    assert set(range(acknowledged)) <= set(stored)
    for number in range(acknowledged):
        expected = some_descriptors(np.random.default_rng(number), number, 4, DIMENSIONS)
        units = expected.vectors / np.linalg.norm(expected.vectors, axis=1, keepdims=True)
        np.testing.assert_allclose(stored[number].vectors, units, atol=5e-4)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
def test_a_forked_copy_refuses_to_work_and_leaves_the_store_alone(tmp_path: Path) -> None:
    item = some_descriptors(np.random.default_rng(2), 1, 3, DIMENSIONS)
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store:
        store.upsert([item])
        child = os.fork()
        if child == 0:
            _exit_from_fork(store)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 17
        assert store.count() == 3
        assert store.search(item.vectors, 1)[2][0].start_seconds == 10.0


def _exit_from_fork(store: EdgeVideoStore) -> NoReturn:
    """Leave the copied test process without running pytest's endings; 17: refused as it should be."""
    status = 1
    try:
        store.search(np.ones((1, DIMENSIONS), dtype=np.float32), 1)
    except StoreError as error:
        store.close()
        status = 17 if "spawn" in str(error) else 2
    finally:
        os._exit(status)


def test_another_width_is_refused(tmp_path: Path) -> None:
    EdgeVideoStore(tmp_path, DIMENSIONS).close()
    with pytest.raises(StoreDamagedError, match=r"holds descriptors of another kind or width: .*action=rebuild"):
        EdgeVideoStore(tmp_path, DIMENSIONS + 1)


def test_a_damaged_store_names_folder_and_remedy(tmp_path: Path) -> None:
    EdgeVideoStore(tmp_path, DIMENSIONS).close()
    (part,) = tmp_path.glob("segments/*/segment.json")
    part.write_bytes(part.read_bytes()[:20])
    with pytest.raises(StoreDamagedError, match=r"damaged: rebuild it .*action=rebuild") as caught:
        EdgeVideoStore(tmp_path, DIMENSIONS)
    assert str(tmp_path) in str(caught.value)


def test_a_file_in_the_place_of_the_folder(tmp_path: Path) -> None:
    (tmp_path / "store").write_text("not a folder")
    with pytest.raises(StoreError, match="store cannot be made: File exists"):
        EdgeVideoStore(tmp_path / "store", DIMENSIONS)


class PanicException(BaseException):
    """Stands for the error that the engine raises when its own code breaks an assumption; no ``Exception``."""


class FailingShard:
    """Engine whose every request fails."""

    def __init__(self, error: BaseException) -> None:
        self.error = error

    def count(self, request: object) -> int:
        raise self.error


@pytest.mark.parametrize(
    ("error", "remedy"),
    [
        (PanicException("index out of bounds"), "damaged: rebuild it"),
        (Exception("Can't init WAL: Kind(WouldBlock)"), "another process has it open"),
        (OSError("No space left on device (os error 28)"), "free some space"),
        (Exception("Permission denied (os error 13)"), "correct the owner or the permissions"),
    ],
)
def test_engine_failures_name_a_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, remedy: str
) -> None:
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store:
        with monkeypatch.context() as patch:
            patch.setattr(store, "_shard", FailingShard(error))
            with pytest.raises(StoreError, match=remedy) as caught:
                store.count()
        assert str(tmp_path) in str(caught.value)
        assert str(error) in str(caught.value)
        assert store.count() == 0


def test_an_interrupt_is_not_taken_for_damage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store, monkeypatch.context() as patch:
        patch.setattr(store, "_shard", FailingShard(KeyboardInterrupt()))
        with pytest.raises(KeyboardInterrupt):
            store.count()


# For reading


def test_reading_leaves_every_file_as_it_was(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    rng = np.random.default_rng(1)
    items = [some_descriptors(rng, number, 3, DIMENSIONS) for number in range(5)]
    path = tmp_path / "store"
    with EdgeVideoStore(path, DIMENSIONS) as store:
        store.upsert(items)
        hits = store.search(items[3].vectors, 4)
    before = state_of(path)
    with EdgeVideoReader(path, DIMENSIONS) as reader:
        assert reader.count() == 15
        assert reader.search(items[3].vectors, 4) == hits
        assert [item.video_number for item in reader.iterate()] == list(range(5))
        [copy] = (tmp_path / "temporary").iterdir()
        taken = sum(file.stat().st_blocks for file in copy.rglob("*"))
    assert state_of(path) == before
    assert taken <= 2 * sum(file.stat().st_blocks for file in path.rglob("*"))
    assert list((tmp_path / "temporary").iterdir()) == []


def test_a_store_is_read_while_another_process_has_it_open(tmp_path: Path) -> None:
    items = [some_descriptors(np.random.default_rng(2), 1, 3, DIMENSIONS)]
    with EdgeVideoStore(tmp_path, DIMENSIONS) as store:
        store.upsert(items)
        with EdgeVideoReader(tmp_path, DIMENSIONS) as reader:
            assert reader.count() == 3


def test_a_store_that_cannot_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "temporary"))
    path = tmp_path / "store"
    EdgeVideoStore(path, DIMENSIONS).close()
    with pytest.raises(StoreDamagedError, match=f"{path}: it holds descriptors of another kind or width"):
        EdgeVideoReader(path, DIMENSIONS + 1)
    (part,) = path.glob("segments/*/segment.json")
    part.write_bytes(part.read_bytes()[:20])
    before = state_of(path)
    with pytest.raises(StoreDamagedError, match=f"{path}: it is damaged"):
        EdgeVideoReader(path, DIMENSIONS)
    assert state_of(path) == before
    assert list((tmp_path / "temporary").iterdir()) == []
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "missing"))
    with pytest.raises(StoreError, match=f"{path} cannot be copied for reading: .*TMPDIR"):
        EdgeVideoReader(path, DIMENSIONS)


@pytest.mark.parametrize("kind", [EdgeVideoStore, EdgeVideoReader])
@pytest.mark.parametrize("name", ["wal", "segments", "edge_config.json", "wal/open-1", "segments/*/segment.json"])
def test_the_engine_does_not_get_to_see_links(name: str, kind: type[EdgeVideoStore], tmp_path: Path) -> None:
    path = tmp_path / "store"
    with EdgeVideoStore(path, DIMENSIONS) as store:
        store.upsert([some_descriptors(np.random.default_rng(2), 1, 3, DIMENSIONS)])
    (link,) = path.glob(name)
    target = link.rename(tmp_path / "outside")
    link.symlink_to(target)
    before = state_of(tmp_path)
    with pytest.raises(LibraryError, match=f"{link} is a link to {target}"):
        kind(path, DIMENSIONS)
    assert state_of(tmp_path) == before
