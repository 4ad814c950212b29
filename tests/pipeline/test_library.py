from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.errors import ConfigError
from vdup.pipeline.indexer import Outcome


def test_index_takes_a_folder(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    films = workshop.films(2)
    given: list[Path] = []

    def find(videos: Path) -> list[tuple[str, Path]]:
        given.append(videos)
        return films

    monkeypatch.setattr("vdup.pipeline.library.find_videos", find)
    with workshop.open() as library:
        assert library.index("some folder").count(Outcome.indexed) == 2
    assert given == [Path("some folder")]


def test_index_of_one_file_and_search_for_a_part_of_it(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    _, path = workshop.film("film.mp4", (1, 0, 30))
    with workshop.open() as library:
        assert library.index(str(path)).count(Outcome.indexed) == 1
        _, query = workshop.film("query.mp4", (1, 5, 10))
        [match] = library.search(str(query), workshop.matcher())
    assert (match.query_id, match.reference_id) == ("query.mp4", "film.mp4")


def test_nothing_to_index_is_an_error(workshop: Workshop) -> None:
    with workshop.open() as library, pytest.raises(ConfigError):
        library.index(workshop.folder / "absent")
