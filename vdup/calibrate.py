"""Command: finds the similarity from which on videos are near-duplicates. ``python -m vdup.calibrate library=DIR``."""

from vdup.command import ALL_WELL, run
from vdup.config import CalibrateJobConfig
from vdup.hydra_schema import register

_USUAL_PRECISION = 0.99


def calibrate(config: CalibrateJobConfig) -> int:
    """Measures pairs whose truth is known, prints what every threshold gives, and keeps the one that was asked for."""
    from vdup.pipeline.labelled_pairs import read_pairs
    from vdup.report.output import check_output

    check_output(config.plot, (".png",), "plot")
    pairs = None if config.pairs is None else read_pairs(config.pairs)
    # Behind the checks, which must not wait for torch.
    from vdup.evaluation.operating_point import operating_points, point_for
    from vdup.pipeline.library import Library
    from vdup.pipeline.threshold_pairs import generated_pairs, labelled_similarities
    from vdup.pipeline.thresholds import keep_threshold
    from vdup.report.operating_points import plot_operating_points, print_operating_points
    from vdup.report.progress import ProgressDisplay

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
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("calibrate", CalibrateJobConfig, calibrate)


if __name__ == "__main__":
    main()
