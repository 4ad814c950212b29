import pytest
from pipeline.workshop import Workshop

from vdup.config import ModelConfig
from vdup.datasets.base import VideoFile
from vdup.matchers.library_similarity import search_similarities


def test_every_query_with_every_video(workshop: Workshop) -> None:
    database = [VideoFile(name, path) for name, path in workshop.films(4, seconds=20)]
    assert database[2].path is not None
    database[2].path.write_text("no film")
    queries = [
        VideoFile(*workshop.film("q0", (0, 3, 10), (3, 5, 10))),
        VideoFile(*workshop.film("q1", (99, 0, 10))),
        VideoFile(*workshop.film("q2", (None, 0, 5))),
    ]
    told: list[tuple[str, int, int, str | None]] = []
    found = search_similarities(
        workshop.matcher(), ModelConfig(), workshop.library, queries, database, lambda *what: told.append(what)
    )
    assert list(found.by_query) == ["q0", "q1", "q2"]
    for row in found.by_query.values():
        assert list(row) == ["film 0", "film 1", "film 3"]
    assert {name: score for name, score in found.by_query["q0"].items() if score < 0.5} == {"film 1": 0.0}
    assert set(found.by_query["q1"].values()) == set(found.by_query["q2"].values()) == {0.0}
    assert found.unreadable == {"film 2": "not a script"}
    assert [(done, total) for _, done, total, _ in told] == [(number, 7) for number in range(1, 8)]
    assert [name for name, _, _, failure in told if failure] == ["film 2"]


def test_second_run_goes_on_with_the_library(workshop: Workshop) -> None:
    database = [VideoFile(name, path) for name, path in workshop.films(3, seconds=12)]
    queries = [VideoFile(*workshop.film("q", (1, 0, 12))), VideoFile(*workshop.film("bad", (1, 0, 12)))]
    assert queries[1].path is not None
    queries[1].path.write_text("no film")
    first = search_similarities(workshop.matcher(), ModelConfig(), workshop.library, queries, database)
    assert workshop.take_decoded() == ["film 0", "film 1", "film 2", "q", "bad"]
    again = search_similarities(workshop.matcher(), ModelConfig(), workshop.library, queries, database)
    assert workshop.take_decoded() == ["q", "bad"]
    assert again == first
    assert list(first.by_query) == ["q"]
    assert first.by_query["q"]["film 1"] == pytest.approx(1.0, abs=0.2)
    assert first.unreadable == {"bad": "not a script"}
