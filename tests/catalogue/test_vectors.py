"""Vectors of whole videos in the catalogue."""

import sqlite3
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import add, make_codes, open_library, stamp

from vdup.catalogue.catalogue import CATALOGUE_NAME
from vdup.catalogue.extras import VideoExtras
from vdup.catalogue.folder import LibraryFolder
from vdup.types import FloatArray, VideoInfo

INFO = VideoInfo(width=64, height=48, duration_seconds=None, codec="h264", rotation_degrees=0)


def add_with_vector(library: LibraryFolder, video_id: str, vector: FloatArray) -> int:
    stored = library.add_video(
        video_id, stamp(video_id), INFO, make_codes(3), frames_sampled=3, extras=VideoExtras({"mean": vector})
    )
    return stored.record.number


def test_vectors_come_with_their_video_and_stay(tmp_path: Path) -> None:
    vector = np.array([0.25, -1.5, 3.0], dtype=np.float32)
    with open_library(tmp_path) as library:
        number = add_with_vector(library, "a", vector)
        plain = add(library, "b", 3).record.number
    with open_library(tmp_path, create=False) as library:
        found = library.catalogue.extras.vector(number, "mean")
        assert found is not None
        assert found.tolist() == vector.tolist()
        assert library.catalogue.extras.vector(number, "other kind") is None
        assert library.catalogue.extras.vector(plain, "mean") is None
        assert library.catalogue.extras.numbers_with_vector("mean") == {number}


def test_vectors_go_with_their_video(tmp_path: Path) -> None:
    vector = np.ones(2, dtype=np.float32)
    with open_library(tmp_path) as library:
        old = add_with_vector(library, "a", vector)
        new = add_with_vector(library, "a", 2 * vector)
        assert new != old
        assert library.catalogue.extras.numbers_with_vector("mean") == {new}
        library.touch(library.catalogue.get("a"), stamp("a", 11))  # type: ignore[arg-type]
        assert library.catalogue.extras.numbers_with_vector("mean") == {new}
        library.remove(["a"])
        assert library.catalogue.extras.numbers_with_vector("mean") == set()


def test_a_video_that_is_not_stored_leaves_no_vector(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        with pytest.raises(ValueError, match="not finite in half precision"):
            add_with_vector(library, "a", np.array([1e6], dtype=np.float32))
        assert library.catalogue.get("a") is None
        assert library.next_row == 0


def test_libraries_of_before_get_the_table(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        number = add(library, "a", 3).record.number
    connection = sqlite3.connect(tmp_path / CATALOGUE_NAME)
    connection.execute("DROP TABLE vectors")
    connection.commit()
    connection.close()
    with open_library(tmp_path, create=False) as library:
        assert library.catalogue.extras.numbers_with_vector("mean") == set()
        library.catalogue.extras.put_vector(number, "mean", np.ones(2, dtype=np.float32))
        assert library.catalogue.extras.numbers_with_vector("mean") == {number}
