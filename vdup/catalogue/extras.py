"""What is kept of a video besides its record: vectors, small grey movie, damage, place and colours of its pictures."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from vdup.types import FloatArray, Intervals

Run = Callable[..., list[Any]]
"""Runs a statement with its values and gives all rows."""


@dataclass(frozen=True)
class VideoExtras:
    """All of it for one video."""

    vectors: Mapping[str, FloatArray] = field(default_factory=dict)
    """Of the whole video by their kind, float32 [D] each."""
    movie: Sequence[bytes] = ()
    """Parts of its small grey movie."""
    damaged_seconds: Intervals = ()
    """Stretches whose pictures could not be decoded whole."""
    picture_track: bytes | None = None
    """Where its pictures lie in their frames, and their colours; packed."""


class Extras:
    """Tables that hang on the number of a video; a part of the catalogue and of its transactions."""

    def __init__(self, run: Run) -> None:
        self._run = run

    def put(self, number: int, extras: VideoExtras) -> None:
        """Keeps everything of a video.

        Raises:
            ValueError: a value of a vector is not finite in half precision.
        """
        for kind, vector in extras.vectors.items():
            self.put_vector(number, kind, vector)
        self.put_movie(number, extras.movie)
        self._run("DELETE FROM damage WHERE number = ?", number)
        for start, end in extras.damaged_seconds:
            self._run("INSERT INTO damage (number, start_seconds, end_seconds) VALUES (?, ?, ?)", number, start, end)
        self.put_picture_track(number, extras.picture_track)

    def put_vector(self, number: int, kind: str, vector: FloatArray) -> None:
        """Keeps a vector of a video, in half precision, in place of any of the same kind.

        Args:
            number: of the video.
            kind: says how the vector was made.
            vector: float32 [D].

        Raises:
            ValueError: a value is not finite in half precision.
        """
        with np.errstate(over="ignore"):
            halves = vector.astype("<f2")
        if not np.isfinite(halves).all():
            raise ValueError(f"the vector of video {number} has values that are not finite in half precision")
        self._run(
            "INSERT OR REPLACE INTO vectors (number, kind, vector) VALUES (?, ?, ?)", number, kind, halves.tobytes()
        )

    def vector(self, number: int, kind: str) -> FloatArray | None:
        """A vector of a video, float32 [D]; None when it has none of this kind."""
        rows = self._run("SELECT vector FROM vectors WHERE number = ? AND kind = ?", number, kind)
        return np.frombuffer(rows[0][0], dtype="<f2").astype(np.float32) if rows else None

    def numbers_with_vector(self, kind: str) -> set[int]:
        """Numbers of the videos that have a vector of this kind."""
        return {row[0] for row in self._run("SELECT number FROM vectors WHERE kind = ?", kind)}

    def put_movie(self, number: int, parts: Sequence[bytes]) -> None:
        """Keeps the parts of a movie (:func:`~vdup.movies.storage.pack_movie`) in place of any other."""
        self._run("DELETE FROM movies WHERE number = ?", number)
        for part, data in enumerate(parts):
            self._run("INSERT INTO movies (number, part, data) VALUES (?, ?, ?)", number, part, data)

    def movie_parts(self, number: int) -> list[bytes]:
        """The parts of a movie, in order; none when the video has no movie."""
        return [bytes(row[0]) for row in self._run("SELECT data FROM movies WHERE number = ? ORDER BY part", number)]

    def damaged_seconds(self, number: int) -> Intervals:
        """Stretches of a video whose pictures could not be decoded whole; none are known of older libraries."""
        rows = self._run("SELECT start_seconds, end_seconds FROM damage WHERE number = ? ORDER BY 1", number)
        return tuple((float(start), float(end)) for start, end in rows)

    def put_picture_track(self, number: int, track: bytes | None) -> None:
        """Keeps a track (:func:`~vdup.movies.picture_track.pack_picture_track`), or none, in place of any other."""
        self._run("DELETE FROM picture_tracks WHERE number = ?", number)
        if track is not None:
            self._run("INSERT INTO picture_tracks (number, data) VALUES (?, ?)", number, track)

    def picture_track(self, number: int) -> bytes | None:
        """The packed track of a video; none is known of older libraries."""
        rows = self._run("SELECT data FROM picture_tracks WHERE number = ?", number)
        return bytes(rows[0][0]) if rows else None

    def remove(self, number: int) -> None:
        """Drops everything of a video."""
        self._run("DELETE FROM damage WHERE number = ?", number)
        self._run("DELETE FROM vectors WHERE number = ?", number)
        self._run("DELETE FROM movies WHERE number = ?", number)
        self._run("DELETE FROM picture_tracks WHERE number = ?", number)
