"""Movies of videos in the catalogue: they come, go and change with their video."""

import sqlite3
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import add, make_codes, open_library, stamp
from movies.moving_pictures import Blobs

from vdup.catalogue.catalogue import CATALOGUE_NAME
from vdup.catalogue.extras import VideoExtras
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.inspection import stored_picture_track
from vdup.catalogue.records import VideoRecord
from vdup.errors import LibraryDamagedError
from vdup.movies.picture_track import PictureTrack, pack_picture_track
from vdup.movies.storage import pack_movie
from vdup.types import VideoInfo

INFO = VideoInfo(width=64, height=48, duration_seconds=None, codec="h264", rotation_degrees=0)
PARTS = list(pack_movie(Blobs(1).movie(np.arange(300) / 4)))


def _add(library: LibraryFolder, video_id: str, movie: list[bytes]) -> int:
    return library.add_video(
        video_id, stamp(video_id), INFO, make_codes(3), frames_sampled=3, extras=VideoExtras(movie=movie)
    ).record.number


def test_a_movie_comes_with_its_video_and_stays(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        number = _add(library, "a", PARTS)
        plain = add(library, "b", 3).record.number
    with open_library(tmp_path, create=False) as library:
        assert library.catalogue.extras.movie_parts(number) == PARTS
        movie = library.movie(_record(library, number))
        assert movie is not None
        assert len(movie.between(0, 1e9)) == 300
        assert library.movie(_record(library, plain)) is None
        assert library.check() == []


def test_a_replaced_or_removed_video_leaves_no_movie(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        first = _add(library, "a", PARTS)
        second = _add(library, "a", PARTS[:1])
        assert library.catalogue.extras.movie_parts(first) == []
        assert library.catalogue.extras.movie_parts(second) == PARTS[:1]
        library.remove(["a"])
        assert library.catalogue.extras.movie_parts(second) == []


def test_damage_comes_and_goes_with_its_video(tmp_path: Path) -> None:
    damage = ((2.4, 6.6), (9.0, 9.0))
    with open_library(tmp_path) as library:
        extras = VideoExtras(damaged_seconds=damage)
        stored = library.add_video("a", stamp("a"), INFO, make_codes(3), frames_sampled=3, extras=extras)
        whole = add(library, "b", 3).record.number
    with open_library(tmp_path, create=False) as library:
        known = library.catalogue.extras
        assert known.damaged_seconds(stored.record.number) == damage
        assert known.damaged_seconds(whole) == ()
        library.remove(["a"])
        assert known.damaged_seconds(stored.record.number) == ()


def test_a_damaged_movie_is_named(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        number = _add(library, "a", [PARTS[0][:7] + b"not zlib"])
        [problem] = library.check()
        assert f"the movie of video {number} is damaged" in problem
        movie = library.movie(_record(library, number))
        assert movie is not None
        with pytest.raises(LibraryDamagedError, match="index the video again"):
            movie.between(0, 1)
        library.catalogue.extras.put_movie(number, [b"x"])
        with pytest.raises(LibraryDamagedError, match="less than its header"):
            library.movie(_record(library, number))


def _record(library: LibraryFolder, number: int) -> VideoRecord:
    record = library.catalogue.by_number(number)
    assert record is not None
    return record


def _track(count: int = 5) -> bytes:
    times = np.arange(count, dtype=np.float64) * 2
    boxes = np.tile(np.array([0, 0.25, 1, 0.5], np.float32), (count, 1))
    return pack_picture_track(PictureTrack(times, boxes, np.full((count, 4, 4, 2), 8, np.int8)))


def _add_track(library: LibraryFolder, video_id: str, track: bytes | None) -> int:
    extras = VideoExtras(picture_track=track)
    return library.add_video(
        video_id, stamp(video_id), INFO, make_codes(3), frames_sampled=3, extras=extras
    ).record.number


_NAMED = (("gone", _track(9)), ("a", _track()), ("b", None))


def test_a_picture_track_comes_and_goes_with_its_video(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        gone, number, plain = (_add_track(library, name, track) for name, track in _NAMED)
        library.remove(["gone"])
        library.compact()
    with open_library(tmp_path, create=False) as library:
        extras = library.catalogue.extras
        assert extras.picture_track(gone) is None
        assert extras.picture_track(plain) is None
        read = stored_picture_track(tmp_path, number, extras.picture_track(number))
        assert read is not None
        assert read.colours.tolist() == np.full((5, 4, 4, 2), 8).tolist()
        assert library.check() == []
        again = _add_track(library, "a", None)
        assert extras.picture_track(number) is None
        assert stored_picture_track(tmp_path, again, extras.picture_track(again)) is None


def test_a_damaged_picture_track_is_named(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        number = _add_track(library, "a", _track()[:-2])
        [problem] = library.check()
        assert f"the picture track of video {number} is damaged" in problem


def test_a_library_of_before_has_no_picture_tracks(tmp_path: Path) -> None:
    with open_library(tmp_path) as library:
        number = _add_track(library, "a", _track())
    with closing(sqlite3.connect(tmp_path / CATALOGUE_NAME)) as connection:
        connection.execute("DROP TABLE picture_tracks")
        connection.commit()
    with open_library(tmp_path, create=False) as library:
        assert library.catalogue.extras.picture_track(number) is None
        assert library.check() == []
        assert _add_track(library, "b", _track()) == number + 1
