from pathlib import Path

import numpy as np
import pytest
from pipeline.workshop import Workshop, as_encoder

from vdup.config import ModelConfig
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError, FeatureFileError, VideoOpenError
from vdup.matchers.stream_matcher import StreamMatcher


@pytest.fixture
def films(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    monkeypatch.setattr("vdup.matchers.stream_matcher.build_encoder", lambda model: as_encoder(workshop.encoder))
    return workshop


def film(films: Workshop, name: str, *parts: tuple[int | None, float, float]) -> VideoFile:
    return VideoFile(*films.film(name, *parts))


def matcher(films: Workshop) -> StreamMatcher:
    return StreamMatcher(films.matcher(), ModelConfig())


def test_the_same_as_a_search_of_a_library(films: Workshop) -> None:
    query = film(films, "query", (None, 0, 3), (5, 10, 12), (8, 0, 6))
    stored = film(films, "stored", (5, 0, 40))
    mine = matcher(films)
    found = mine.compare(mine.prepare(query), mine.prepare(stored))
    assert stored.path is not None
    assert query.path is not None
    with films.open() as library:
        library.index_all([("stored", stored.path)])
        [match] = library.search(query.path, films.matcher())
    [box] = found.boxes
    assert found.similarity == box.score == pytest.approx(match.score, abs=1e-6)
    expected = [match.query_start_seconds, match.query_end_seconds, match.reference_start_seconds]
    assert [box.query_start_seconds, box.query_end_seconds, box.reference_start_seconds] == pytest.approx(expected)
    assert found.offset_seconds == pytest.approx(7.0, abs=0.5)
    assert found.speed == pytest.approx(match.speed)


def test_two_segments_and_none(films: Workshop) -> None:
    mine = matcher(films)
    query = mine.prepare(film(films, "query", (5, 10, 12), (None, 0, 4), (6, 0, 10)))
    both = mine.prepare(film(films, "both", (6, 0, 20), (9, 0, 10), (5, 0, 30)))
    found = mine.compare(query, both)
    assert len(found.boxes) == 2
    assert found.boxes[0].score >= found.boxes[1].score
    assert {round(box.query_start_seconds) for box in found.boxes} == {0, 16}
    nothing = mine.compare(query, mine.prepare(film(films, "other", (77, 0, 30))))
    assert (nothing.similarity, nothing.boxes, nothing.offset_seconds) == (0.0, (), None)


def test_blank_videos(films: Workshop) -> None:
    mine = matcher(films)
    stored = mine.prepare(film(films, "stored", (5, 0, 30)))
    blank = mine.prepare(film(films, "blank", (None, 0, 10)))
    assert len(mine.prepare(film(films, "straight", (5, 3, 10))).tracks) == 2
    assert mine.compare(blank, stored).similarity == 0.0
    assert mine.compare(stored, blank).similarity == 0.0


def test_span(films: Workshop) -> None:
    mine, whole = matcher(films), film(films, "whole", (5, 0, 12), (6, 0, 12))
    part = mine.prepare(whole, (12.0, 24.0))
    assert part.tracks[0].times_seconds.tolist() == np.arange(12, 24, 0.5).tolist()
    assert part.reference.starts_seconds[0] == 12.0
    found = mine.compare(part, mine.prepare(film(films, "other", (9, 0, 5), (6, 0, 12))))
    assert found.offset_seconds == pytest.approx(-7.0, abs=0.5)
    [box] = found.boxes
    assert (box.query_start_seconds, box.query_end_seconds) == pytest.approx((12.0, 24.0), abs=1.0)
    assert mine.compare(mine.prepare(whole, (0.0, 12.0)), mine.prepare(whole, (12.0, 24.0))).similarity == 0.0


def test_inside(films: Workshop) -> None:
    mine = matcher(films)
    query = mine.prepare(film(films, "query", (8, 0, 15), (5, 0, 10)))
    end, middle = film(films, "end", (5, 0, 30)), film(films, "middle", (70, 0, 20), (8, 0, 15), (5, 0, 30))
    assert mine.compare(query, mine.prepare(end)).boxes
    assert not mine.compare(query, mine.prepare(end), inside=True).boxes
    assert mine.compare(query, mine.prepare(middle), inside=True).boxes


def test_what_it_cannot_read(films: Workshop, tmp_path: Path) -> None:
    mine = matcher(films)
    (tmp_path / "bad").write_text("no film")
    for video, kind in (
        (VideoFile("bad", tmp_path / "bad"), VideoOpenError),
        (VideoFile("gone", None), VideoOpenError),
        (VideoFile("features", tmp_path / "a.pkl"), FeatureFileError),
    ):
        with pytest.raises(kind):
            mine.prepare(video)


def test_false_alarms_need_a_library(films: Workshop) -> None:
    with pytest.raises(ConfigError, match=r"matcher\.false_alarms=0\.1: it counts for a search of a library"):
        StreamMatcher(films.matcher(false_alarms=0.1), ModelConfig())
