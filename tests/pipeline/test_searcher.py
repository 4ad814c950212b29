from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from pipeline.workshop import Stretch, Workshop

from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.errors import VideoOpenError, WeightsError
from vdup.pipeline.library import Library
from vdup.pipeline.query_codes import encode_queries
from vdup.pipeline.searcher import SearchResult, find_candidates, silence_farther, suppress_competing
from vdup.types import Match

QUERY = ((50, 0, 10), (3, 12, 15), (51, 0, 10))
"""Shows footage 3 from 12 s on, after 10 s of something else."""


def _filled(workshop: Workshop, *extra: tuple[str, tuple[Stretch, ...]]) -> Library:
    library = workshop.open()
    films = [workshop.film(f"film {number}", (number, 0, 40)) for number in range(6)]
    library.index_all([*films, *(workshop.film(name, *parts) for name, parts in extra)])
    return library


def _assert_at(match: Match, query: tuple[float, float], reference: tuple[float, float]) -> None:
    assert (match.query_start_seconds, match.query_end_seconds) == pytest.approx(query, abs=0.8)
    assert (match.reference_start_seconds, match.reference_end_seconds) == pytest.approx(reference, abs=1.2)


def test_planted_copy_is_found_with_its_times_and_evidence(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", *QUERY)
        [match] = library.search(path, workshop.matcher())
    assert (match.query_id, match.reference_id) == ("query", "film 3")
    _assert_at(match, (10, 25), (12, 27))
    assert match.speed == pytest.approx(1.0, abs=0.03)
    assert 0.9 < match.score <= 1
    assert match.evidence is not None
    assert match.evidence.time_offset_seconds == pytest.approx(2.0, abs=0.5)
    assert 20 <= match.evidence.frames_matched <= match.evidence.frames_compared
    assert match.evidence.mean_hamming_distance < 200
    assert not match.evidence.mirrored


def test_several_references_come_best_first(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", (2, 5, 6), (50, 0, 8), (4, 10, 25))
        matches = library.search(path, workshop.matcher())
    assert [match.reference_id for match in matches] == ["film 4", "film 2"]
    _assert_at(matches[0], (14, 39), (10, 35))
    _assert_at(matches[1], (0, 6), (5, 11))
    assert matches[0].score >= matches[1].score


def test_unknown_and_blank_queries_match_nothing(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        for parts in [((60, 0, 30),), ((None, 0, 20),)]:
            _, path = workshop.film("query", *parts)
            assert library.search(path, workshop.matcher()) == []


def test_empty_library(workshop: Workshop) -> None:
    with workshop.open() as library:
        _, path = workshop.film("query", *QUERY)
        assert library.search(path, workshop.matcher()) == []


def test_mirrored_copies_are_found_unless_they_are_not_asked_for(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", *QUERY)
        encode = workshop.encoder.encode
        monkeypatch.setattr(
            workshop.encoder, "encode", lambda images, mirrored=False: encode(images, mirrored=not mirrored)
        )
        [match] = library.search(path, workshop.matcher())
        assert match.reference_id == "film 3"
        assert match.evidence is not None
        assert match.evidence.mirrored
        assert library.search(path, workshop.matcher(mirror=False)) == []


def test_same_story_told_straight_and_mirrored_is_told_once(
    workshop: Workshop, monkeypatch: pytest.MonkeyPatch
) -> None:
    with _filled(workshop) as library:
        encode = workshop.encoder.encode
        monkeypatch.setattr(workshop.encoder, "encode", lambda images, mirrored=False: encode(images))
        _, path = workshop.film("query", *QUERY)
        assert len(library.search(path, workshop.matcher())) == 1


def test_copies_in_panels_are_found_unless_they_are_not_asked_for(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        query = workshop.film("query", (50, 0, 35))
        path = workshop.with_panel(query, (None, 0, 10), (3, 12.3, 15), (None, 0, 10))
        [match] = library.search(path, workshop.matcher())
        assert match.reference_id == "film 3"
        _assert_at(match, (10, 25), (12.3, 27.3))
        assert match.evidence is not None
        assert match.evidence.panel
        assert library.search(path, workshop.matcher(panels=False)) == []


def test_same_story_told_as_a_whole_and_in_a_panel_is_told_once(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        query = workshop.film("query", *QUERY)
        [match] = library.search(workshop.with_panel(query, *QUERY), workshop.matcher())
        assert match.evidence is not None
        assert not match.evidence.panel


def test_content_of_many_videos_is_found_in_each(workshop: Workshop) -> None:
    logo: Stretch = (90, 0, 8)
    with workshop.open() as library:
        library.index_all([workshop.film(f"film {number}", (number, 0, 4), logo) for number in range(25)])
        _, path = workshop.film("query", logo)
        matches = library.search(path, workshop.matcher(coarse_videos=0))
    assert {match.reference_id for match in matches} == {f"film {number}" for number in range(25)}
    for match in matches:
        _assert_at(match, (0, 8), (4, 12))


def test_rare_content_decides_before_common(workshop: Workshop) -> None:
    logo: Stretch = (90, 0, 8)
    with workshop.open() as library:
        library.index_all([workshop.film(f"film {number}", (number, 0, 8), logo) for number in range(12)])
        _, path = workshop.film("query", (7, 0, 8), logo)
        matches = library.search(path, workshop.matcher())
    assert matches[0].reference_id == "film 7"
    _assert_at(matches[0], (0, 16), (0, 16))


def test_removed_videos_are_not_found(workshop: Workshop) -> None:
    with _filled(workshop, ("twin", ((3, 0, 40),))) as library:
        _, path = workshop.film("query", *QUERY)
        assert {match.reference_id for match in library.search(path, workshop.matcher())} == {"film 3", "twin"}
        library.remove(["film 3"])
        assert {match.reference_id for match in library.search(path, workshop.matcher())} == {"twin"}


def test_descriptors_bring_in_what_the_frame_index_misses(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", (50, 0, 10), (3, 12.3, 15), (51, 0, 10))
        blind = workshop.matcher(max_distance=1, coarse_videos=0)
        assert library.search(path, blind) == []
        [match] = library.search(path, workshop.matcher(max_distance=1, coarse_videos=5))
        assert match.reference_id == "film 3"


def test_candidates_are_followed_round_their_hits(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        query = workshop.film("query", (50, 0, 60), (3, 12, 15), (51, 0, 60))
        calibration = workshop.calibration()
        [(_, codes)] = encode_queries(library, [query], calibration, mirror=False, panels=False)
        assert not isinstance(codes, Exception)
        best = find_candidates(library, codes.straight, workshop.matcher(coarse_videos=0))[0]
        record = library.folder.catalogue.get("film 3")
        assert record is not None
        assert best.video_number == record.number
        assert np.isin(np.arange(50, 90, 0.5), codes.straight.times_seconds[best.query_rows]).all()
        wider = find_candidates(library, codes.straight, workshop.matcher(coarse_videos=3))[0]
        assert wider.video_number == best.video_number
        assert np.isin(best.query_rows, wider.query_rows).all()


def test_store_ahead_of_the_catalogue_does_no_harm(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        record = library.folder.catalogue.get("film 3")
        assert record is not None
        workshop.stored[999] = workshop.stored[record.number]
        _, path = workshop.film("query", *QUERY)
        assert [match.reference_id for match in library.search(path, workshop.matcher())] == ["film 3"]


def test_most_matches_and_threshold_are_kept_to(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", (1, 0, 12), (50, 0, 5), (2, 0, 20))
        both = library.search(path, workshop.matcher())
        assert len(both) == 2
        assert library.search(path, workshop.matcher(max_matches=1)) == both[:1]
        assert library.search(path, workshop.matcher(threshold=both[0].score)) == both[:1]


def test_bad_query_among_good_ones(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        good = workshop.film("good", *QUERY)
        bad = workshop.film("bad")
        bad[1].write_text("no film")
        empty = workshop.film("empty")
        seen: list[tuple[SearchResult, int, int]] = []
        results = library.search_all(
            [bad, good, empty], workshop.matcher(), lambda result, done, total: seen.append((result, done, total))
        )
        assert [result.query_id for result in results] == ["bad", "good", "empty"]
        assert isinstance(results[0].error, VideoOpenError)
        assert results[1].error is None
        assert [match.reference_id for match in results[1].matches] == ["film 3"]
        assert results[1].seconds == 35
        assert str(results[2].error).endswith("no frame could be decoded; check that the file plays")
        assert seen == [(result, place, 3) for place, result in enumerate(results, start=1)]
        with pytest.raises(VideoOpenError, match="not a script"):
            library.search(bad[1], workshop.matcher())
        assert library.search_all([], workshop.matcher()) == []


def test_calibration_must_belong_to_the_codes(workshop: Workshop) -> None:
    with _filled(workshop) as library:
        _, path = workshop.film("query", *QUERY)
        matcher = workshop.matcher()
        workshop.encoder.codes_digest = "another model"
        with pytest.raises(WeightsError, match="made for other codes"):
            library.search(path, matcher)


def _segment(evidence: float, bits: float, score: float, start: float = 0.0, mirrored: bool = False) -> ScoredSegment:
    """Ten seconds of the query, and of the reference from ``start`` on."""
    return ScoredSegment(
        segment=Segment(
            line=Line(1.0, start),
            query_start_seconds=0.0,
            query_end_seconds=10.0,
            reference_start_seconds=start,
            reference_end_seconds=start + 10.0,
            query_rows=np.arange(10),
            reference_rows=np.arange(10),
            evidence=np.full(10, evidence / 10),
        ),
        scaled_evidence=evidence,
        score=score,
        frames_matched=10,
        frames_compared=10,
        mean_hamming_distance=bits,
        tmk_score=0.5,
        mirrored=mirrored,
        panel=False,
    )


def test_evidence_chooses_among_tellings_and_not_the_score() -> None:
    strong, weak = _segment(60.0, 150.0, 0.6), _segment(20.0, 150.0, 0.9, start=2.0)
    assert suppress_competing([weak, strong]) == [strong]


def test_where_the_best_telling_is_not_believed_no_other_is() -> None:
    strong, weak = _segment(60.0, 150.0, 0.0), _segment(20.0, 150.0, 0.9, start=2.0)
    assert suppress_competing([weak, strong]) == [strong]


def test_at_equal_evidence_a_mirrored_telling_must_be_clearly_nearer() -> None:
    straight = _segment(60.0, 150.0, 0.9)
    assert suppress_competing([straight, _segment(60.0, 135.0, 0.9, mirrored=True)]) == [straight]
    nearer = _segment(60.0, 125.0, 0.9, mirrored=True)
    assert suppress_competing([straight, nearer]) == [nearer]


def _record(number: int) -> VideoRecord:
    return VideoRecord(
        number=number,
        id=f"r{number}",
        path=Path(f"r{number}"),
        size_bytes=1,
        modified_ns=1,
        content_hash="",
        state=VideoState.indexed,
        indexed_at="",
    )


def test_a_much_nearer_reference_silences_others() -> None:
    near, twin, far = _segment(60.0, 100.0, 0.9), _segment(60.0, 120.0, 0.9), _segment(30.0, 200.0, 0.8)
    found = [(_record(1), near), (_record(2), twin), (_record(3), far)]
    assert [record.number for record, _ in silence_farther(found)] == [1, 2]
    # Not where it lies elsewhere in the query, is itself not likely, or is less likely, and not within a reference.
    moved = replace(far.segment, query_start_seconds=30.0, query_end_seconds=40.0)
    elsewhere = replace(far, segment=moved)
    assert len(silence_farther([(_record(1), near), (_record(3), elsewhere)])) == 2
    unlikely = _segment(60.0, 100.0, 0.4)
    assert len(silence_farther([(_record(1), unlikely), (_record(3), _segment(30.0, 200.0, 0.3))])) == 2
    assert len(silence_farther([(_record(1), near), (_record(3), _segment(30.0, 200.0, 0.95))])) == 2
    assert len(silence_farther([(_record(1), near), (_record(1), far)])) == 2


def test_a_panel_is_silenced_by_what_is_in_it_alone() -> None:
    near, inset = _segment(60.0, 100.0, 0.9), replace(_segment(30.0, 200.0, 0.8), panel=True, view=2)
    assert len(silence_farther([(_record(1), near), (_record(2), inset)])) == 2
    for view, left in ((2, [1]), (1, [1, 2])):
        both = [(_record(1), replace(near, panel=True, view=view)), (_record(2), inset)]
        assert [record.number for record, _ in silence_farther(both)] == left, "of the host and its inset both stay"
    in_panel = [(_record(1), replace(near, panel=True, view=1)), (_record(2), replace(inset, panel=False, view=0))]
    assert [record.number for record, _ in silence_farther(in_panel)] == [1]
