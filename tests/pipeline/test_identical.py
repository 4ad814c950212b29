from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.movies.rectangles import WHOLE
from vdup.pipeline import identical
from vdup.pipeline.identical import identical_videos
from vdup.pipeline.searcher import is_copy_too
from vdup.types import Evidence, Match

FILM = ((3, 0, 20),)


def _copy(path: Path, name: str) -> Path:
    target = path.with_name(name)
    target.write_bytes(path.read_bytes())
    return target


def test_the_same_bytes_come_first_and_whole(workshop: Workshop) -> None:
    with workshop.open() as library:
        film, other = workshop.film("film", *FILM), workshop.film("other", (3, 0, 15), (9, 0, 10))
        library.index_all([film, other])
        query = _copy(film[1], "query")
        first, second = library.search(query, workshop.matcher())
    assert (first.reference_id, first.identical, first.score, first.speed) == ("film", True, 1.0, 1.0)
    assert first.query_start_seconds == first.reference_start_seconds == 0.0
    assert first.query_end_seconds == first.reference_end_seconds == pytest.approx(20.0, abs=1.0)
    assert first.evidence is None
    assert first.edits is not None
    assert (first.edits.shown, first.edits.fills, first.edits.confidence) == (WHOLE, WHOLE, 1.0)
    assert (second.reference_id, second.identical) == ("other", False)


def test_of_several_files_with_the_same_bytes_all_are_told(workshop: Workshop) -> None:
    with workshop.open() as library:
        name, path = workshop.film("b", *FILM)
        library.index_all([(name, path), ("a", _copy(path, "a"))])
        found = library.search(_copy(path, "query"), workshop.matcher())
    assert [(match.reference_id, match.identical) for match in found] == [("a", True), ("b", True)]


def test_however_short(workshop: Workshop) -> None:
    with workshop.open() as library:
        name, path = workshop.film("short", (3, 0, 1))
        library.index_all([(name, path)])
        [match] = library.search(_copy(path, "query"), workshop.matcher())
    assert match.identical


def test_a_query_may_leave_itself_out(workshop: Workshop) -> None:
    with workshop.open() as library:
        film, other = workshop.film("film", *FILM), workshop.film("other", (3, 0, 15), (9, 0, 10))
        library.index_all([film, other])
        [match] = library.search(film[1], workshop.matcher(exclude_self=True))
    assert (match.reference_id, match.identical) == ("other", False)


def test_files_of_other_sizes_are_not_read(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(path: Path) -> str:
        raise AssertionError(f"{path} was read")

    with workshop.open() as library:
        film = workshop.film("film", *FILM)
        library.index_all([film])
        longer = _copy(film[1], "longer")
        longer.write_bytes(longer.read_bytes() + b" ")
        monkeypatch.setattr(identical, "hash_content", fail)
        assert identical_videos(library, longer) == []
        assert identical_videos(library, workshop.folder) == []


def test_videos_that_were_removed_are_not_told(workshop: Workshop) -> None:
    with workshop.open() as library:
        film = workshop.film("film", *FILM)
        library.index_all([film])
        library.remove(["film"])
        assert identical_videos(library, film[1]) == []


def test_beside_an_identical_file_only_its_copies_are_reported() -> None:
    """Lectures on one template resemble one another; the lecture that is in the library explains the query."""

    def found(score: float, distance_bits: float) -> Match:
        evidence = Evidence(8, 8, distance_bits, 0.9, 0.0, mirrored=False)
        return Match("query", "other", 0.0, 8.0, 0.0, 8.0, score, 1.0, evidence)

    assert not is_copy_too(found(0.85, 120.0))
    assert is_copy_too(found(0.95, 120.0)), "a sure one, such as a cropped copy"
    assert is_copy_too(found(0.65, 30.0)), "encoded once more"
