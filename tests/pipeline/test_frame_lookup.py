"""The index in step with the catalogue, whatever was lost in between."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp, StoredVideo
from vdup.config import AutoIndexConfig, FlatIndexConfig, FrameIndexConfig, IVFIndexConfig, MultiHashIndexConfig
from vdup.pipeline.frame_lookup import SAME_CONTENT_BITS, FrameLookup
from vdup.types import CodeArray, VideoCodes, VideoInfo

RANDOM_CODES = np.random.default_rng(11).integers(0, 256, (400, 128), dtype=np.uint8)
LOGO = RANDOM_CODES[390:395]
"""Five frames that several videos show."""


@pytest.fixture
def folder(tmp_path: Path, one_thread: None) -> LibraryFolder:
    return LibraryFolder.open(tmp_path / "library", {}, create=True)


def _reopened(folder: LibraryFolder) -> LibraryFolder:
    folder.close()
    return LibraryFolder.open(folder.path, {}, create=False)


def _flipped(codes: CodeArray, bits: int) -> CodeArray:
    changed = codes.copy()
    changed[:, : bits // 8] ^= 255
    return changed


def _append(
    folder: LibraryFolder, lookup: FrameLookup, video_id: str, codes: CodeArray, blank: Sequence[int] = ()
) -> StoredVideo:
    """Makes a video part of the catalogue, and not yet of the index."""
    seconds = np.arange(len(codes), dtype=np.float64)
    searchable = np.ones(len(codes), dtype=np.bool_)
    searchable[list(blank)] = False
    video = VideoCodes(codes, seconds, seconds, searchable, float(len(codes)))
    return folder.add_video(
        video_id,
        FileStamp(Path(video_id), 1, 1),
        VideoInfo(64, 48, None, "", 0),
        video,
        frames_sampled=len(codes),
        representatives=lookup.representatives_for(video, folder.catalogue.get(video_id)),
    )


def _store(
    folder: LibraryFolder, lookup: FrameLookup, video_id: str, codes: CodeArray, blank: Sequence[int] = ()
) -> StoredVideo:
    stored = _append(folder, lookup, video_id, codes, blank)
    if stored.replaced is not None:
        lookup.forget(folder.rows_of(stored.replaced))
    lookup.add(folder.rows_of(stored.record))
    return stored


def _fill(folder: LibraryFolder, lookup: FrameLookup, videos: int = 4) -> None:
    """Videos of ten frames of their own and the logo."""
    for number in range(videos):
        _store(folder, lookup, f"video {number}", np.concatenate([_own(number), LOGO]))


def _own(number: int) -> CodeArray:
    return RANDOM_CODES[10 * number : 10 * number + 10]


def _found(folder: LibraryFolder, lookup: FrameLookup, codes: CodeArray) -> list[set[str]]:
    """Ids of the videos that each code is found in exactly."""
    hits, _ = lookup.search(codes, 10, 0, 1000)
    names: list[set[str]] = [set() for _ in codes]
    for query, number in zip(hits.query_rows, folder.video_of_rows(hits.reference_rows).tolist(), strict=True):
        record = folder.catalogue.by_number(number)
        names[query].add("gone" if record is None else record.id)
    return names


def _assert_complete(folder: LibraryFolder, lookup: FrameLookup, videos: Sequence[int]) -> None:
    """Exactly these videos are found, by their own frames and by the logo, which is not indexed for each of them."""
    for number in range(6):
        expected = {f"video {number}"} if number in videos else set()
        assert _found(folder, lookup, _own(number)) == [expected] * 10
    assert _found(folder, lookup, LOGO) == [{f"video {number}" for number in videos}] * 5
    assert len(lookup.index) - 10 * len(videos) in ((5, 10) if videos else (0,))


@pytest.mark.parametrize("config", [AutoIndexConfig(), FlatIndexConfig(), MultiHashIndexConfig(), IVFIndexConfig()])
def test_every_kind_of_index_finds_what_was_stored(config: FrameIndexConfig, folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, config)
        _fill(folder, lookup)
        _assert_complete(folder, lookup, range(4))
        lookup.save()
    with _reopened(folder) as again:
        _assert_complete(again, FrameLookup(again, config), range(4))


def test_common_content_is_indexed_once_and_weighs_less(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        hits, weights = lookup.search(np.concatenate([_own(2), LOGO]), 50, 0, 1000)
        expected = {True: 1 / (1 + np.log(4)), False: 1.0}
        for query, weight in zip(hits.query_rows.tolist(), weights.tolist(), strict=True):
            assert weight == pytest.approx(expected[query >= 10])
        record = folder.catalogue.get("video 2")
        assert record is not None
        rows = lookup.weights(folder.rows_of(record))
        np.testing.assert_allclose(rows, [1.0] * 10 + [1 / (1 + np.log(4))] * 5, rtol=1e-6)


def test_content_of_very_many_videos_is_still_found(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        for number in range(30):
            _store(folder, lookup, f"video {number}", LOGO)
        hits, weights = lookup.search(LOGO, 50, 0, 20)
        assert len(hits) == 5 * 20
        np.testing.assert_allclose(weights, 1 / (1 + np.log(30)), rtol=1e-6)
        assert len(lookup.index) == 5


def test_near_rows_share_a_representative_and_farther_ones_do_not(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _store(folder, lookup, "first", _own(0))
        _store(folder, lookup, "near", _flipped(_own(0), SAME_CONTENT_BITS))
        assert len(lookup.index) == 10
        _store(folder, lookup, "farther", _flipped(_own(0), SAME_CONTENT_BITS + 8))
        assert len(lookup.index) == 20


def test_blank_rows_stay_out(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        stored = _store(folder, lookup, "video", _own(0), blank=[3, 4])
        assert len(lookup.index) == 8
        assert _found(folder, lookup, _own(0)[3:5]) == [set(), set()]
        assert lookup.weights(folder.rows_of(stored.record)).tolist() == [1.0] * 10
        lookup.save()
    with _reopened(folder) as again:
        assert len(FrameLookup(again, FlatIndexConfig()).index) == 8


@pytest.mark.parametrize("gone", [[0], [3], [0, 1], [1, 0, 2], [0, 1, 2, 3]])
def test_videos_that_shared_content_with_removed_ones_are_still_found(gone: list[int], folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        for record in folder.remove([f"video {number}" for number in gone]):
            lookup.forget(folder.rows_of(record))
        stay = [number for number in range(4) if number not in gone]
        _assert_complete(folder, lookup, stay)
        assert len(folder.orphaned_rows()) == 0
        lookup.save()
    with _reopened(folder) as again:
        _assert_complete(again, FrameLookup(again, FlatIndexConfig()), stay)


def test_forgetting_nothing_changes_nothing(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.forget(np.empty(0, dtype=np.int64))
        _assert_complete(folder, lookup, range(4))


# What a process may have left behind when it was killed, done to a library of videos 0-3 whose index was saved.


def _video_without_index(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    _append(folder, lookup, "video 4", np.concatenate([_own(4), LOGO]))
    return [0, 1, 2, 3, 4]


def _index_not_saved(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    _store(folder, lookup, "video 4", np.concatenate([_own(4), LOGO]))
    return [0, 1, 2, 3, 4]


def _removed_without_index(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    folder.remove(["video 0", "video 2"])
    return [1, 3]


def _replaced_without_index(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    _append(folder, lookup, "video 0", np.concatenate([_own(0), LOGO]))
    return [0, 1, 2, 3]


def _replaced_index_not_saved(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    _store(folder, lookup, "video 0", np.concatenate([_own(0), LOGO]))
    return [0, 1, 2, 3]


def _index_deleted(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    folder.index_path.unlink()
    return [0, 1, 2, 3]


def _index_of_more_rows(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    lookup.index.save(folder.index_path, stamp={"rows": folder.next_row + 7})
    return [0, 1, 2, 3]


def _index_that_lacks_rows(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    lookup.index.remove(np.arange(3, dtype=np.int64))
    lookup.index.save(folder.index_path, stamp={"rows": folder.next_row})
    return [0, 1, 2, 3]


def _compacted(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    for record in folder.remove(["video 1"]):
        lookup.forget(folder.rows_of(record))
    folder.compact()
    return [0, 2, 3]


def _representatives_half_written(folder: LibraryFolder, lookup: FrameLookup) -> list[int]:
    """Video 0 stood for the logo; one of the rows that were to get another representative got it."""
    folder.remove(["video 0"])
    shown = np.flatnonzero((folder.codes.representatives == 10) & folder.live_mask())
    folder.codes.set_representatives(shown[1:2], shown[:1])
    return [1, 2, 3]


@pytest.mark.parametrize(
    "leave_behind",
    [
        _video_without_index,
        _index_not_saved,
        _removed_without_index,
        _replaced_without_index,
        _replaced_index_not_saved,
        _index_deleted,
        _index_of_more_rows,
        _index_that_lacks_rows,
        _compacted,
        _representatives_half_written,
    ],
)
def test_next_opening_brings_the_index_into_step(
    leave_behind: Callable[[LibraryFolder, FrameLookup], list[int]], folder: LibraryFolder
) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.save()
        expected = leave_behind(folder, lookup)
    with _reopened(folder) as again:
        mended = FrameLookup(again, FlatIndexConfig())
        _assert_complete(again, mended, expected)
        assert again.check() == []
        mended.save()
    with _reopened(again) as last:
        _assert_complete(last, FrameLookup(last, FlatIndexConfig()), expected)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.9])
def test_damaged_index_is_made_anew(share: float, folder: LibraryFolder, caplog: pytest.LogCaptureFixture) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.save()
        content = folder.index_path.read_bytes()
        folder.index_path.write_bytes(content[: int(share * len(content))])
    with _reopened(folder) as again, caplog.at_level(logging.WARNING):
        _assert_complete(again, FrameLookup(again, FlatIndexConfig()), range(4))
    assert "made anew from the stored codes" in caplog.text


def test_representatives_that_do_not_stand_for_themselves_are_mended(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        # Row 10 is the first frame of the logo, and stands for it in all videos.
        folder.codes.set_representatives(np.array([10]), np.array([0]))
        assert folder.check() != []
    with _reopened(folder) as again:
        mended = FrameLookup(again, FlatIndexConfig())
        assert again.check() == []
        others = {"video 1", "video 2", "video 3"}
        assert _found(again, mended, LOGO) == [others, *[{"video 0", *others}] * 4]


def test_unchanged_index_is_not_written_again(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.save()
        saved = folder.index_path.stat()
        lookup.save()
    with _reopened(folder) as again:
        FrameLookup(again, FlatIndexConfig()).save()
        assert again.index_path.stat().st_mtime_ns == saved.st_mtime_ns
        assert again.index_path.stat().st_ino == saved.st_ino


def test_other_settings_remake_the_index_when_it_is_saved(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.save()
        assert lookup.index.kind == "flat"
    with _reopened(folder) as again:
        lookup = FrameLookup(again, MultiHashIndexConfig())
        lookup.save()
        assert lookup.index.kind == "multihash"
        _assert_complete(again, lookup, range(4))


def test_rebuild_keeps_what_is_found(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        _fill(folder, lookup)
        lookup.rebuild()
        _assert_complete(folder, lookup, range(4))


def test_empty_library(folder: LibraryFolder) -> None:
    with folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        assert len(lookup.index) == 0
        hits, weights = lookup.search(LOGO, 5, 1024, 50)
        assert len(hits) == len(weights) == 0
        lookup.save()
    with _reopened(folder) as again:
        assert len(FrameLookup(again, FlatIndexConfig()).index) == 0
