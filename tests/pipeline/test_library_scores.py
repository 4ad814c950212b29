"""What scores mean in a library: reported as measured in it, with the threshold that keeps false segments few."""

import math
from dataclasses import replace
from pathlib import Path

import pytest
from pipeline.workshop import Workshop

from vdup.align.calibration import Calibration, save_calibration
from vdup.align.false_alarms import FalseAlarms
from vdup.config import MatcherConfig
from vdup.errors import ConfigError, LibraryDamagedError, LibraryError
from vdup.pipeline.library_scores import (
    AS_FITTED,
    LibraryScores,
    keep_false_alarms,
    library_hours,
    measured_false_alarms,
    scores_in,
)
from vdup.pipeline.searcher import find_segments, match_query

FITTED = FalseAlarms(3.0, 0.9, 0.5, 0.6, fitted_hours=0.001)
MEASURED = FalseAlarms(30.0, 0.8, 5.0, 0.5, fitted_hours=0.02)


def test_without_a_model_scores_stay_and_false_alarms_are_refused() -> None:
    assert AS_FITTED.reported(0.7) == 0.7
    assert AS_FITTED.threshold(MatcherConfig(threshold=0.3)) == 0.3
    assert math.isnan(AS_FITTED.false_an_hour(0.5))
    with pytest.raises(ConfigError, match=r"matcher.false_alarms=0.01: .* vdup.calibrate level=segment"):
        AS_FITTED.threshold(MatcherConfig(false_alarms=0.01))


@pytest.mark.parametrize("scored_on", [None, FITTED])
def test_the_threshold_is_that_of_reported_scores(scored_on: FalseAlarms | None) -> None:
    scores = LibraryScores(MEASURED, scored_on, library_hours=40.0)
    assert scores.threshold(MatcherConfig(threshold=0.3)) == 0.3
    for wanted in (1.0, 0.01):
        # Of the two settings false_alarms counts.
        threshold = scores.threshold(MatcherConfig(threshold=0.3, false_alarms=wanted))
        at = MEASURED.threshold(wanted, 40.0)
        assert threshold == MEASURED.in_library(at, 40.0, scored_on) < at
        assert scores.reported(at + 1e-3 * (1 - at)) > threshold > scores.reported(at - 1e-3 * (1 - at))
        assert scores.false_an_hour(threshold) == pytest.approx(wanted, rel=1e-3)


def test_what_was_measured_is_kept_for_the_calibration_that_it_was_measured_with(workshop: Workshop) -> None:
    calibration = replace(workshop.calibration(), false_alarms=FITTED)
    other = replace(calibration, score=replace(calibration.score, bias=-6.0))
    with workshop.open() as library:
        library.index_all(workshop.films(3, 6.0))
        assert library_hours(library.folder.catalogue) == pytest.approx(18 / 3600)
        hours = library_hours(library.folder.catalogue)
        assert scores_in(library, calibration) == LibraryScores(FITTED, FITTED, hours)
        assert scores_in(library, workshop.calibration()) == LibraryScores(None, None, hours)
        keep_false_alarms(library, calibration, FITTED)
        keep_false_alarms(library, calibration, MEASURED)
    with workshop.open() as library:
        assert measured_false_alarms(library.folder.catalogue, calibration) == MEASURED
        assert measured_false_alarms(library.folder.catalogue, other) is None
        assert scores_in(library, calibration) == LibraryScores(MEASURED, FITTED, hours)
        assert scores_in(library, other) == LibraryScores(FITTED, FITTED, hours)


@pytest.mark.parametrize("text", ["[", '{"same_source": 1}', '{"same_source": "many"}'])
def test_damaged_measurements_are_told(workshop: Workshop, text: str) -> None:
    with workshop.open() as library:
        calibration = workshop.calibration()
        keep_false_alarms(library, calibration, MEASURED)
        library.folder.catalogue.set_meta(f"false_alarms:{calibration.scores_digest}", text)
        with pytest.raises(LibraryDamagedError, match="measure them anew"):
            scores_in(library, calibration)


def test_nothing_is_kept_in_a_library_that_is_only_read(workshop: Workshop) -> None:
    with workshop.open() as library:
        library.index_all(workshop.films(1))
    opened = type(library).open(workshop.config(), read_only=True)
    with opened, pytest.raises(LibraryError):
        keep_false_alarms(opened, workshop.calibration(), MEASURED)


# --- searches


def saved(workshop: Workshop, calibration: Calibration) -> Path:
    path = workshop.folder / "fitted.safetensors"
    save_calibration(path, calibration)
    return path


def test_searches_report_scores_of_the_library(workshop: Workshop) -> None:
    calibration = replace(workshop.calibration(), false_alarms=replace(FITTED, fitted_hours=1e-5))
    query = workshop.film("query", (1, 0, 5))
    with workshop.open() as library:
        library.index_all(workshop.films(4, 8.0))
        plain = library.search(query[1], workshop.matcher(threshold=0.0))[0]
        config = MatcherConfig(calibration=saved(workshop, calibration), threshold=0.0)
        scores = scores_in(library, calibration)
        [result] = library.search_all([query], config)
        assert result.matches[0].reference_id == plain.reference_id == "film 1"
        assert result.matches[0].score == pytest.approx(scores.reported(plain.score))
        assert result.matches[0].score < plain.score
        assert result.threshold == 0.0
        # The threshold is that of reported scores.
        between = (result.matches[0].score + plain.score) / 2
        assert library.search(query[1], replace(config, threshold=between)) == []

        strict = replace(config, false_alarms=1e-9)
        [result] = library.search_all([query], strict)
        assert result.matches == ()
        assert result.threshold == scores.threshold(strict) > between
        lenient = replace(config, threshold=1.0, false_alarms=1e4)
        assert library.search(query[1], lenient)[0].reference_id == "film 1"


def test_false_alarms_are_refused_before_a_query_is_decoded(workshop: Workshop) -> None:
    query = workshop.film("query", (1, 0, 5))
    with workshop.open() as library:
        library.index_all(workshop.films(2, 8.0))
        workshop.take_decoded()
        with pytest.raises(ConfigError, match=r"matcher\.false_alarms=0\.1"):
            library.search_all([query], workshop.matcher(false_alarms=0.1))
        assert workshop.take_decoded() == []
        calibration = workshop.calibration()
        with pytest.raises(ConfigError, match=r"matcher\.false_alarms=0\.1"):
            match_query(library, "query", [], calibration, MatcherConfig(false_alarms=0.1))
        assert find_segments(library, [], calibration, MatcherConfig()) == []
        keep_false_alarms(library, calibration, MEASURED)
        [result] = library.search_all([query], workshop.matcher(false_alarms=0.1))
        assert result.threshold == scores_in(library, calibration).threshold(MatcherConfig(false_alarms=0.1))
