"""A video that is indexed again with pictures like those it had before."""

from pathlib import Path

import numpy as np

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import FileStamp, StoredVideo
from vdup.config import FlatIndexConfig
from vdup.pipeline.frame_lookup import FrameLookup
from vdup.types import CodeArray, VideoCodes, VideoInfo

SECONDS = np.arange(20, dtype=np.float64)


def store(folder: LibraryFolder, lookup: FrameLookup, video_id: str, codes: CodeArray) -> StoredVideo:
    """Stores a video as the indexer does, the loss of its older version included."""
    video = VideoCodes(codes, SECONDS, SECONDS, np.ones(20, dtype=np.bool_), 20.0)
    stored = folder.add_video(
        video_id,
        FileStamp(Path(video_id), 1, 1),
        VideoInfo(64, 48, 20.0, "h264", 0),
        video,
        frames_sampled=20,
        representatives=lookup.representatives_for(video, folder.catalogue.get(video_id)),
    )
    if stored.replaced is not None:
        lookup.forget(folder.rows_of(stored.replaced))
    lookup.add(folder.rows_of(stored.record))
    return stored


def test_new_rows_lean_on_other_videos_but_not_on_the_version_they_replace(tmp_path: Path) -> None:
    codes = np.random.default_rng(1).integers(0, 256, (30, 128), dtype=np.uint8)
    with LibraryFolder.open(tmp_path, {}, create=True) as folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        other = store(folder, lookup, "other", codes[:20])
        store(folder, lookup, "changed", codes[10:])
        renewed = store(folder, lookup, "changed", codes[10:])

        rows = folder.rows_of(renewed.record)
        expected = np.concatenate([folder.rows_of(other.record)[10:], rows[10:]])
        np.testing.assert_array_equal(folder.codes.representatives[rows], expected)
        assert len(folder.orphaned_rows()) == 0
        hits, _ = lookup.search(codes[10:], 5, 0, 50)
        np.testing.assert_array_equal(np.unique(hits.reference_rows), np.union1d(expected[:10], rows))


def test_others_that_leaned_on_the_replaced_version_are_still_found(tmp_path: Path) -> None:
    codes = np.random.default_rng(2).integers(0, 256, (40, 128), dtype=np.uint8)
    with LibraryFolder.open(tmp_path, {}, create=True) as folder:
        lookup = FrameLookup(folder, FlatIndexConfig())
        store(folder, lookup, "changed", codes[:20])
        leaning = folder.rows_of(store(folder, lookup, "leaning", codes[:20]).record)
        store(folder, lookup, "changed", codes[20:])

        hits, weights = lookup.search(codes[:20], 5, 0, 50)
        np.testing.assert_array_equal(hits.reference_rows, leaning)
        np.testing.assert_array_equal(weights, 1.0)
        np.testing.assert_array_equal(lookup.weights(leaning), 1.0)
