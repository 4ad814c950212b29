"""What matches of whole videos cover, on scripted films."""

from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.config import MeanAggregationConfig, WholeVideoConfig
from vdup.errors import WeightsError
from vdup.pipeline.video_searcher import VideoMatch, VideoSearchResult, search_whole_videos
from vdup.pipeline.video_shares import with_shares

MEAN = MeanAggregationConfig()


@pytest.fixture(autouse=True)
def scripted(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in ("video_searcher", "query_codes"):
        monkeypatch.setattr(f"vdup.pipeline.{module}.DecoderPool", workshop.pool)


def shares(workshop: Workshop, *queries: tuple[str, Path], **settings: float) -> dict[tuple[str, str], VideoMatch]:
    """All matches with their shares, by query and library video."""
    with workshop.open(aggregation=MEAN) as library:
        results = search_whole_videos(library, queries, WholeVideoConfig(threshold=0.5))
        found = with_shares(library, queries, results, workshop.matcher(**settings))
        assert [result.query_id for result in found] == [query_id for query_id, _ in queries]
        return {(match.query_id, match.reference_id): match for result in found for match in result.matches}


@pytest.fixture
def library(workshop: Workshop) -> None:
    """Two films of which a query shows a part, and one of which none shows anything."""
    films = [
        workshop.film("whole", (1, 0, 30)),
        workshop.film("other", (2, 0, 20)),
        workshop.film("stranger", (3, 0, 20)),
    ]
    with workshop.open(aggregation=MEAN) as opened:
        opened.index_all(films)


@pytest.mark.usefixtures("library")
def test_shares_of_both_sides(workshop: Workshop) -> None:
    found = shares(workshop, workshop.film("mix", (1, 10, 15), (2, 0, 10), (9, 0, 15)))
    for reference, query_share, reference_share in (("whole", 15 / 40, 15 / 30), ("other", 10 / 40, 10 / 20)):
        match = found["mix", reference]
        assert match.query_share == pytest.approx(query_share, abs=0.05)
        assert match.reference_share == pytest.approx(reference_share, abs=0.05)
    assert (found["mix", "stranger"].query_share, found["mix", "stranger"].reference_share) == (0.0, 0.0)


@pytest.mark.usefixtures("library")
def test_what_is_shown_twice_counts_once_in_the_library_video(workshop: Workshop) -> None:
    match = shares(workshop, workshop.film("twice", (1, 5, 12), (7, 0, 4), (1, 5, 12)))["twice", "whole"]
    assert match.query_share == pytest.approx(24 / 28, abs=0.08)
    assert match.reference_share == pytest.approx(12 / 30, abs=0.05)


@pytest.mark.usefixtures("library")
def test_the_same_bytes_cover_one_another_wholly(workshop: Workshop) -> None:
    match = shares(workshop, workshop.film("copy", (1, 0, 30)))["copy", "whole"]
    assert (match.query_share, match.reference_share) == (1.0, 1.0)


@pytest.mark.usefixtures("library")
def test_segments_below_the_threshold_do_not_count(workshop: Workshop) -> None:
    match = shares(workshop, workshop.film("part", (1, 0, 29)), threshold=1.0)["part", "whole"]
    assert (match.query_share, match.reference_share) == (0.0, 0.0)


@pytest.mark.usefixtures("library")
def test_results_without_matches_and_of_queries_that_went_away_stay(workshop: Workshop) -> None:
    gone = ("gone", workshop.folder / "gone")
    match = VideoMatch("gone", "whole", 0.9, True)
    results = [VideoSearchResult("blank", ()), VideoSearchResult("gone", (match,))]
    with workshop.open(aggregation=MEAN) as library:
        gone[1].write_text("no script any more")
        videos = [workshop.film("blank", (None, 0, 3)), gone]
        assert with_shares(library, videos, results, workshop.matcher()) == results


@pytest.mark.usefixtures("library")
def test_a_calibration_of_other_codes_is_refused(workshop: Workshop) -> None:
    settings = workshop.matcher()
    with workshop.open(aggregation=MEAN) as library:
        workshop.encoder.codes_digest = "others"
        with pytest.raises(WeightsError, match="made for other codes"):
            with_shares(library, [], [], settings)
