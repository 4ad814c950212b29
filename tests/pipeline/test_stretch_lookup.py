"""The descriptors in step with the catalogue, in the embedded store."""

import logging
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from vdup.catalogue.catalogue import STORE_DIRTY
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp, VideoRecord
from vdup.pipeline.stretch_lookup import StretchLookup
from vdup.store.base import Descriptors, VideoStore
from vdup.store.edge import EdgeVideoStore
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS, pool_codes
from vdup.types import VideoCodes, VideoInfo

STRETCH_SECONDS = 20.0


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[LibraryFolder]:
    with LibraryFolder.open(tmp_path / "library", {}, create=True) as opened:
        yield opened


def _open_store(folder: LibraryFolder) -> VideoStore:
    return EdgeVideoStore(folder.store_path, DESCRIPTOR_DIMENSIONS)


def _codes(seed: int, seconds: int = 45, blank: bool = False) -> VideoCodes:
    codes = np.random.default_rng(seed).integers(0, 256, (seconds, 128), dtype=np.uint8)
    times = np.arange(seconds, dtype=np.float64)
    return VideoCodes(codes, times, times, np.full(seconds, not blank), float(seconds))


def _append(folder: LibraryFolder, seed: int, blank: bool = False) -> VideoRecord:
    """Makes a video part of the catalogue, and not yet of the store."""
    codes = _codes(seed, blank=blank)
    stamp, info = FileStamp(Path(f"{seed}"), 1, 1), VideoInfo(64, 48, None, "", 0)
    return folder.add_video(f"video {seed}", stamp, info, codes, frames_sampled=len(codes)).record


def _fill(folder: LibraryFolder, store: VideoStore, videos: int = 3) -> StretchLookup:
    stretches = StretchLookup(folder, store, STRETCH_SECONDS)
    for seed in range(videos):
        stretches.add(_append(folder, seed).number)
    stretches.save()
    return stretches


def _assert_holds(folder: LibraryFolder, store: VideoStore, seeds: list[int]) -> None:
    numbers = {seed: record.number for seed in seeds if (record := folder.catalogue.get(f"video {seed}"))}
    found = {item.video_number: item for item in store.iterate()}
    assert set(found) == {numbers[seed] for seed in seeds}
    for seed in seeds:
        starts, ends, vectors = pool_codes(_codes(seed), STRETCH_SECONDS)
        item = found[numbers[seed]]
        np.testing.assert_array_equal(item.starts_seconds, starts)
        np.testing.assert_array_equal(item.ends_seconds, ends)
        np.testing.assert_allclose(item.vectors, vectors, atol=1e-3)
    assert folder.catalogue.meta_number(STORE_DIRTY) == 0


def test_stretches_of_a_query_find_those_like_them(folder: LibraryFolder) -> None:
    with _open_store(folder) as store:
        stretches = StretchLookup(folder, store, STRETCH_SECONDS)
        for seed in range(3):
            stretches.add(_append(folder, seed).number)
        assert folder.catalogue.meta_number(STORE_DIRTY) == 1
        # Found although they have not been saved yet.
        answers = stretches.search(_codes(1), 2)
        starts, ends, _ = pool_codes(_codes(1), STRETCH_SECONDS)
        assert [(start, end) for start, end, _ in answers] == list(zip(starts.tolist(), ends.tolist(), strict=True))
        record = folder.catalogue.get("video 1")
        assert record is not None
        for start, _, hits in answers:
            assert len(hits) == 2
            assert (hits[0].video_number, hits[0].start_seconds) == (record.number, start)
            assert hits[0].similarity == pytest.approx(1.0, abs=0.01)
        assert stretches.search(_codes(1, blank=True), 2) == []
        stretches.save()
        _assert_holds(folder, store, [0, 1, 2])


def test_forgotten_videos_leave_the_store_or_never_come_to_it(folder: LibraryFolder) -> None:
    with _open_store(folder) as store:
        stretches = _fill(folder, store)
        pending = _append(folder, 7)
        stretches.add(pending.number)
        for record in folder.remove(["video 0", "video 7"]):
            stretches.forget(record.number)
        stretches.save()
        _assert_holds(folder, store, [1, 2])
        assert stretches.problems() == []


# What may have happened to a library of videos 0-2 whose descriptors were saved.


def _nothing(folder: LibraryFolder, store: VideoStore) -> list[int]:
    return [0, 1, 2]


def _video_without_descriptors(folder: LibraryFolder, store: VideoStore) -> list[int]:
    _append(folder, 3)
    return [0, 1, 2, 3]


def _half_of_the_descriptors(folder: LibraryFolder, store: VideoStore) -> list[int]:
    """A write of several batches that was cut off."""
    number = _append(folder, 3).number
    starts, ends, vectors = pool_codes(_codes(3), STRETCH_SECONDS)
    store.upsert([Descriptors(number, starts[:2], ends[:2], vectors[:2])])
    return [0, 1, 2, 3]


def _removed_from_the_catalogue_only(folder: LibraryFolder, store: VideoStore) -> list[int]:
    folder.remove(["video 1"])
    return [0, 2]


def _replaced_in_the_catalogue_only(folder: LibraryFolder, store: VideoStore) -> list[int]:
    _append(folder, 1)
    return [0, 1, 2]


def _descriptors_lost(folder: LibraryFolder, store: VideoStore) -> list[int]:
    store.remove([1, 2])
    return [0, 1, 2]


def _foreign_descriptors(folder: LibraryFolder, store: VideoStore) -> list[int]:
    starts, ends, vectors = pool_codes(_codes(50), STRETCH_SECONDS)
    store.upsert([Descriptors(900, starts, ends, vectors)])
    return [0, 1, 2]


@pytest.mark.parametrize(
    "happen",
    [
        _nothing,
        _video_without_descriptors,
        _half_of_the_descriptors,
        _removed_from_the_catalogue_only,
        _replaced_in_the_catalogue_only,
        _descriptors_lost,
        _foreign_descriptors,
    ],
)
def test_next_opening_brings_the_store_into_step(
    happen: Callable[[LibraryFolder, VideoStore], list[int]], folder: LibraryFolder
) -> None:
    with _open_store(folder) as store:
        _fill(folder, store)
        expected = happen(folder, store)
    with _open_store(folder) as store:
        stretches = StretchLookup(folder, store, STRETCH_SECONDS)
        _assert_holds(folder, store, expected)
        assert stretches.problems() == []


def test_deleted_store_is_made_anew(folder: LibraryFolder) -> None:
    with _open_store(folder) as store:
        _fill(folder, store)
    shutil.rmtree(folder.store_path)
    with _open_store(folder) as store:
        StretchLookup(folder, store, STRETCH_SECONDS)
        _assert_holds(folder, store, [0, 1, 2])


def test_store_in_step_is_left_alone(folder: LibraryFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with _open_store(folder) as store:
        _fill(folder, store)

        def refuse(*arguments: object) -> None:
            raise AssertionError("the store was written to")

        for name in ("upsert", "remove", "video_numbers", "flush"):
            monkeypatch.setattr(store, name, refuse)
        StretchLookup(folder, store, STRETCH_SECONDS)


def test_video_without_searchable_frames_is_not_missing(
    folder: LibraryFolder, caplog: pytest.LogCaptureFixture
) -> None:
    with _open_store(folder) as store:
        stretches = _fill(folder, store, videos=1)
        stretches.add(_append(folder, 5, blank=True).number)
        stretches.save()
        assert stretches.problems() == []
        folder.catalogue.set_meta(STORE_DIRTY, 1)
        with caplog.at_level(logging.INFO):
            StretchLookup(folder, store, STRETCH_SECONDS)
        assert "made from their codes" not in caplog.text
        _assert_holds(folder, store, [0])


def test_problems_are_told(folder: LibraryFolder) -> None:
    with _open_store(folder) as store:
        stretches = _fill(folder, store)
        store.remove([1])
        starts, ends, vectors = pool_codes(_codes(50), STRETCH_SECONDS)
        store.upsert([Descriptors(900, starts, ends, vectors)])
        strangers, missing = stretches.problems()
        assert strangers.startswith("the store holds descriptors of 1 videos that are not indexed")
        assert missing.startswith("the store lacks the descriptors of 1 videos")
        assert "action=rebuild" in strangers
        stretches.rebuild()
        assert stretches.problems() == []
        _assert_holds(folder, store, [0, 1, 2])
