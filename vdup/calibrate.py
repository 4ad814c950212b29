"""Command: finds from where on videos are near-duplicates, or what scores are worth. ``python -m vdup.calibrate``."""

from vdup.command import ALL_WELL, run
from vdup.config import CalibrateJobConfig
from vdup.hydra_schema import register


def calibrate(config: CalibrateJobConfig) -> int:
    """Measures a library on pairs or excerpts whose truth is known, and keeps what was found in it."""
    from vdup.pipeline.labelled_pairs import read_pairs
    from vdup.report.output import check_output

    check_output(config.plot, (".png",), "plot")
    pairs = None if config.pairs is None else read_pairs(config.pairs)
    # Behind the checks, which must not wait for torch.
    from vdup.report.calibrations import calibrate_level

    calibrate_level(config, pairs)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("calibrate", CalibrateJobConfig, calibrate)


if __name__ == "__main__":
    main()
