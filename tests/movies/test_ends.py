"""Ends of a stretch, found where the pictures of two movies stop agreeing."""

import numpy as np
import pytest
from movies.moving_pictures import Blobs

from vdup.movies.ends import agreeing_stretch, longest_run, longest_unlike_seconds
from vdup.movies.movie import Movie
from vdup.movies.storage import PackedMovie, pack_movie
from vdup.types import FloatArray, Placement

WHOLE = Placement.whole()
COPY = (3.0, 9.0)
"""What the query of these tests shows of the reference, on the line reference = query + 10; other scenes round it."""


def _query(between: FloatArray | None = None) -> Movie:
    times = np.arange(48) / 4
    scene, before, after = Blobs(1), Blobs(2), Blobs(3)
    pictures = [
        (scene if COPY[0] <= time < COPY[1] else before if time < COPY[0] else after).draw(10.0 + time)
        for time in times.tolist()
    ]
    if between is not None:
        pictures = [between if 7.5 <= time < COPY[1] else shown for time, shown in zip(times, pictures, strict=True)]
    return Movie(np.stack(pictures), 4.0)


def _found(
    stretch: tuple[float, float],
    query: Movie | None = None,
    limits: tuple[float, float] = (0.0, 12.0),
    placement: Placement = WHOLE,
    reference: Movie | None = None,
) -> tuple[float, float]:
    reference = reference or Blobs(1).movie(np.arange(120) / 4)
    return agreeing_stretch(query or _query(), reference, placement, (1.0, 10.0), stretch, limits)


@pytest.mark.parametrize("stretch", [(3.0, 9.0), (2.3, 9.6), (3.5, 8.4), (2.5, 8.5), (3.7, 9.8)])
def test_ends_move_in_and_out_to_where_the_pictures_agree(stretch: tuple[float, float]) -> None:
    assert _found(stretch) == pytest.approx(COPY, abs=0.26)


def test_an_end_moves_outwards_by_a_second_at_most_and_within_the_limits() -> None:
    assert _found((5.5, 9.0))[0] == pytest.approx(4.5, abs=0.26)
    assert _found((4.0, 8.5), limits=(3.6, 8.7)) == pytest.approx((3.6, 8.7), abs=0.26)


def test_a_copy_mirrored_in_a_part_of_the_picture() -> None:
    placed = Placement(0.25, 0.25, 0.5, 0.5, mirrored=True, quarter_turns=0)
    whole, frame = _query(), Blobs(9).draw(0.0)
    pictures = np.repeat(frame[None], len(whole), axis=0)
    pictures[:, 8:24, 8:24] = whole.pictures[:, ::2, ::-2]
    assert _found((2.3, 9.6), Movie(pictures, 4.0), placement=placed) == pytest.approx(COPY, abs=0.26)


def test_blank_pictures_say_nothing() -> None:
    """The copy fades to black: its end stays as the codes had it."""
    blank = np.full((32, 32), 16.0, dtype=np.float32)
    found = _found((2.3, 9.0), _query(blank))
    assert found[0] == pytest.approx(COPY[0], abs=0.26)
    assert found[1] == pytest.approx(9.0, abs=0.26)


def test_where_too_little_agrees_nothing_moves() -> None:
    assert _found((2.0, 10.0), reference=Blobs(7).movie(np.arange(120) / 4)) == (2.0, 10.0), "another scene"
    assert _found((0.0, 12.0)) == (0.0, 12.0), "half of it would go"
    assert _found((3.0, 3.05)) == (3.0, 3.05), "nothing lies in it"


def test_a_single_moment_that_differs_is_no_end() -> None:
    query = _query()
    query.pictures[22] = Blobs(5).draw(1.0)
    query.pictures[13] = Blobs(5).draw(1.0)
    assert _found((3.3, 8.6), query) == pytest.approx(COPY, abs=0.26)


def _packed(movie: Movie) -> PackedMovie:
    return PackedMovie(list(pack_movie(movie)))


@pytest.mark.parametrize("replaced_seconds", [0.0, 1.5, 3.5])
@pytest.mark.parametrize("seconds", [20, 130])
def test_a_scene_that_was_replaced_is_seen(replaced_seconds: float, seconds: int) -> None:
    whole = Blobs(1).movie(np.arange(4 * seconds) / 4)
    pictures = whole.pictures.copy()
    count = round(4 * replaced_seconds)
    pictures[40 : 40 + count] = Blobs(2).movie(np.arange(max(count, 1)) / 4).pictures[:count]
    query, reference = _packed(Movie(pictures, 4.0)), _packed(whole)
    found = longest_unlike_seconds(query, reference, WHOLE, (1.0, 0.0), (0.2, seconds - 0.4))
    assert found == pytest.approx(replaced_seconds, abs=0.5)


def test_black_in_place_of_a_scene_is_seen_and_black_on_both_sides_is_none() -> None:
    whole = Blobs(1).movie(np.arange(80) / 4)
    black = whole.pictures.copy()
    black[40:52] = 16.0
    query, other = _packed(Movie(black, 4.0)), _packed(whole)
    assert longest_unlike_seconds(query, other, WHOLE, (1.0, 0.0), (0.2, 19.6)) == pytest.approx(3.0, abs=0.5)
    assert longest_unlike_seconds(other, query, WHOLE, (1.0, 0.0), (0.2, 19.6)) == pytest.approx(3.0, abs=0.5)
    assert longest_unlike_seconds(query, query, WHOLE, (1.0, 0.0), (0.2, 19.6)) == 0.0


def test_of_other_scenes_nothing_is_told() -> None:
    query, reference = (_packed(Blobs(seed).movie(np.arange(60) / 4)) for seed in (1, 2))
    assert longest_unlike_seconds(query, reference, WHOLE, (1.0, 0.0), (1.0, 12.0)) is None


@pytest.mark.parametrize(("marks", "expected"), [("", 0), ("..", 0), ("#.##.", 2), (".###", 3), ("####", 4)])
def test_the_longest_run(marks: str, expected: int) -> None:
    assert longest_run(np.array([mark == "#" for mark in marks], dtype=np.bool_)) == expected
