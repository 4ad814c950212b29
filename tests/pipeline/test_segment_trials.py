"""Searches for excerpts: what is right, what is wrong, and what a library holds twice."""

from dataclasses import replace

import numpy as np
import pytest
from pipeline.workshop import Workshop

from vdup.align.line_fit import Line
from vdup.align.matcher import ScoredSegment
from vdup.align.refine import Segment
from vdup.config import MatcherConfig
from vdup.errors import LibraryError
from vdup.pipeline import excerpts as excerpts_module
from vdup.pipeline.library import Library
from vdup.pipeline.segment_trials import JudgedSegment, SegmentTrials, lies_there, run_trials


@pytest.fixture(autouse=True)
def _scripted(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(excerpts_module, "DecoderPool", workshop.pool)
    monkeypatch.setattr(excerpts_module, "is_blank", lambda image: not image.any())
    monkeypatch.setattr(excerpts_module, "edited_frames", lambda frames, rng: frames)
    monkeypatch.setattr(excerpts_module, "mildest_copy", lambda frames, rng: frames)


def tried(workshop: Workshop, library: Library, most_videos: int = 50, copies: int = 2, seed: int = 0) -> SegmentTrials:
    # The threshold is to play no part.
    config = MatcherConfig(threshold=1.0, false_alarms=0.01)
    return run_trials(library, workshop.calibration(), config, most_videos, copies, seed)


def likely(trials: SegmentTrials) -> list[JudgedSegment]:
    return [item for item in trials.segments if item.score > 0.5]


def test_excerpts_are_found_in_their_own_video(workshop: Workshop) -> None:
    steps: list[tuple[int, int]] = []
    with workshop.open() as library:
        library.index_all(workshop.films(4, 20.0))
        config = MatcherConfig()
        trials = run_trials(
            library, workshop.calibration(), config, 3, 2, 0, lambda done, total: steps.append((done, total))
        )
        assert steps == [(1, 3), (2, 3), (3, 3)]
        assert trials.excerpts == 6
        assert 6 * 4 <= 3600 * trials.query_hours <= 6 * 12
        assert 3600 * trials.library_hours == pytest.approx(80)
        found = likely(trials)
        assert [item.excerpt for item in found] == list(range(6))
        for item in found:
            assert item.own_id == item.found_id
            assert item.is_right
            assert item.is_own
            assert not item.without_own
        assert len({item.own_id for item in found}) == 3
        assert (trials.held_twice, trials.left_out) == ((), 0)
        assert not [item for item in trials.segments if item.is_own and item.without_own]


def test_the_same_footage_elsewhere_in_the_video_is_wrong(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(
            [workshop.film("twice", (1, 0, 12), (2, 0, 20), (1, 0, 12)), *workshop.films(2, 20.0, first=5)]
        )
        trials = tried(workshop, library, copies=8)
        wrong = [item for item in likely(trials) if not item.is_right]
        assert wrong
        for item in wrong:
            assert (item.own_id, item.found_id, item.without_own) == ("twice", "twice", False)


def test_what_the_library_holds_twice_does_not_count(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all([*workshop.films(3, 15.0), workshop.film("longer", (1, 0, 15), (9, 0, 5))])
        trials = tried(workshop, library, copies=4)
        assert trials.held_twice == (("film 1", "longer"),)
        assert trials.left_out >= 2 * 4  # with and without the own video
        assert {(item.own_id, item.found_id) for item in likely(trials)} == {
            (name, name) for name in ("film 0", "film 1", "film 2", "longer")
        }
        assert all(item.is_right for item in likely(trials))


def test_a_file_with_the_same_bytes_is_the_own_video(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all([*workshop.films(2, 15.0), workshop.film("same", (1, 0, 15.0))])
        trials = tried(workshop, library)
        assert trials.held_twice == ()
        assert not [item for item in likely(trials) if item.without_own or not item.is_right]
        assert ("film 1", "same") in {(item.own_id, item.found_id) for item in likely(trials)}


def test_other_takes_of_the_library_are_false(workshop: Workshop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the hardly changed excerpt is not found in the other video either, that does not show the same."""
    with workshop.open() as library:
        library.index_all([*workshop.films(3, 15.0), workshop.film("longer", (1, 0, 15), (9, 0, 5))])
        monkeypatch.setattr(excerpts_module, "mildest_copy", lambda frames, rng: 255 - frames)
        trials = tried(workshop, library)
        assert trials.held_twice == ()
        alike = [item for item in trials.false_segments if item.score > 0.5]
        assert {(item.own_id, item.found_id, item.without_own) for item in alike} >= {("film 1", "longer", True)}
        fitted = trials.fit()
        assert fitted.fitted_hours == trials.library_hours
        least = len(alike) / trials.query_hours
        assert fitted.per_hour(0.1, trials.library_hours) > least
        # All of them are unrelated, whose number grows with the library.
        assert fitted.per_hour(0.1, 0.0) == pytest.approx(1 / trials.query_hours)


def judged(score: float, *, right: bool = False, own: bool = False, without: bool = False) -> JudgedSegment:
    return JudgedSegment("a", "b", 0, score, right, own, without)


def test_each_false_segment_counts_once() -> None:
    same_source, unrelated = judged(0.8, own=True), judged(0.6, without=True)
    seen_twice, right = judged(0.61), judged(0.9, right=True, own=True)
    trials = SegmentTrials((same_source, unrelated, seen_twice, right), 1, 2.0, 5.0, (), 0)
    assert trials.false_segments == [same_source, unrelated]
    fitted = trials.fit()
    assert fitted.per_hour(0.1, 0.0) == pytest.approx(2 / 2.0)
    assert fitted.per_hour(0.1, 5.0) == pytest.approx(4 / 2.0)


def test_libraries_that_cannot_be_tried(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all([workshop.film("only", (1, 0, 9)), workshop.film("short", (2, 0, 3))])
        with pytest.raises(LibraryError, match="1 videos last 4 seconds or more, and two are needed"):
            tried(workshop, library)
        library.index_all(workshop.films(2, 9.0, first=4))
        for name in ("only", "film 4", "film 5"):
            (workshop.folder / name).write_text("no script")
        with pytest.raises(LibraryError, match="files may have moved"):
            tried(workshop, library)


def found(reference: tuple[float, float]) -> ScoredSegment:
    rows = np.zeros(1, dtype=np.int64)
    segment = Segment(Line(1.0, 0.0), 0.0, 5.0, *reference, rows, rows, np.zeros(1, dtype=np.float32))
    return ScoredSegment(segment, 0.0, 0.5, 1, 1, 100.0, 0.5, mirrored=False, panel=False)


@pytest.mark.parametrize(
    ("reference", "there"),
    [((10, 15), True), ((8, 13), True), ((12, 14), True), ((7.4, 12.4), False), ((16, 21), False), ((0, 40), False)],
)
def test_most_of_a_segment_must_lie_where_the_excerpt_was_taken(reference: tuple[float, float], there: bool) -> None:
    assert lies_there(found(reference), 10.0, 15.0) is there


def test_where_nothing_moves_a_place_that_fits_as_well_will_do() -> None:
    still = replace(found((40, 45)), fits_equally_seconds=(0.0, 50.0))
    assert lies_there(still, 10.0, 15.0)
    assert not lies_there(still, 50.0, 55.0)
