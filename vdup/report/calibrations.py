"""A calibration of a library at each level, from its settings to what is printed and kept."""

from dataclasses import replace

from vdup.align.calibration import load_calibration
from vdup.config import CalibrateJobConfig, SearchLevel
from vdup.evaluation.operating_point import operating_points, point_for
from vdup.pipeline.labelled_pairs import LabelledPair
from vdup.pipeline.library import Library
from vdup.pipeline.library_scores import keep_false_alarms, scores_in
from vdup.pipeline.segment_trials import run_trials
from vdup.pipeline.threshold_pairs import generated_pairs, labelled_similarities
from vdup.pipeline.thresholds import keep_threshold
from vdup.report.operating_points import plot_operating_points, print_operating_points
from vdup.report.progress import ProgressDisplay
from vdup.report.reliability import plot_reliability
from vdup.report.segment_calibration import judged_scores, print_trials

_USUAL_PRECISION = 0.99


def calibrate_level(config: CalibrateJobConfig, pairs: list[LabelledPair] | None) -> None:
    """Calibrates what the settings choose.

    Args:
        config: the settings.
        pairs: labelled pairs of ``config.pairs``, which only ``level=video`` takes; none: none were given.
    """
    if config.level is SearchLevel.segment:
        calibrate_segments(config)
    else:
        calibrate_videos(config, pairs)


def calibrate_videos(config: CalibrateJobConfig, pairs: list[LabelledPair] | None) -> None:
    """Measures pairs whose truth is known, prints what every threshold gives, and keeps the one that was asked for."""
    with Library.open(config, read_only=not config.store_threshold) as library:
        with ProgressDisplay("calibrating") as display:
            if pairs is None:
                found = generated_pairs(library, config.most_videos, config.copies, config.seed, display.counted)
            else:
                found = labelled_similarities(library, pairs, display.counted)
        points = operating_points(found.duplicates, found.others)
        wanted = config.precision
        if wanted is None and config.false_alarm_rate is None:
            wanted = _USUAL_PRECISION
        chosen = point_for(points, precision=wanted, false_alarm_rate=config.false_alarm_rate)
        if config.store_threshold:
            source = "generated copies" if config.pairs is None else str(config.pairs)
            keep_threshold(library, chosen.threshold, chosen.precision, chosen.recall, source)
    if config.plot is not None:
        plot_operating_points(config.plot, points, chosen)
    print_operating_points(points, chosen, config.library if config.store_threshold else None)


def calibrate_segments(config: CalibrateJobConfig) -> None:
    """Searches for excerpts of the library's videos, prints what scores are worth, and keeps the false segments."""
    with Library.open(config, read_only=not config.store_threshold) as library:
        calibration = load_calibration(config.matcher.calibration, library.encoder.codes_digest)
        with ProgressDisplay("calibrating") as display:
            trials = run_trials(
                library, calibration, config.matcher, config.most_videos, config.copies, config.seed, display.counted
            )
        measured = trials.fit()
        if config.store_threshold:
            keep_false_alarms(library, calibration, measured)
        scores = replace(scores_in(library, calibration), false_alarms=measured)
    if config.plot is not None:
        plot_reliability(config.plot, judged_scores(trials, scores))
    stored_in = config.library if config.store_threshold else None
    print_trials(trials, scores, config.matcher.threshold, config.matcher.false_alarms, stored_in)
