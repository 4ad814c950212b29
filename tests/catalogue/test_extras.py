"""Movies of videos in the catalogue: they come, go and change with their video."""

from pathlib import Path

import numpy as np
import pytest
from catalogue.samples import add, make_codes, open_library, stamp
from movies.moving_pictures import Blobs

from vdup.catalogue.extras import VideoExtras
from vdup.catalogue.folder import LibraryFolder
from vdup.errors import LibraryDamagedError
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
        movie = library.movie(number)
        assert movie is not None
        assert len(movie.between(0, 1e9)) == 300
        assert library.movie(plain) is None
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
        movie = library.movie(number)
        assert movie is not None
        with pytest.raises(LibraryDamagedError, match="index the video again"):
            movie.between(0, 1)
        library.catalogue.extras.put_movie(number, [b"x"])
        with pytest.raises(LibraryDamagedError, match="less than its header"):
            library.movie(number)
