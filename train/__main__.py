"""Command: makes files of weights. ``python -m vdup.train +experiment=NAME data.images=DIR [output=FILE]``."""

from pathlib import Path

from vdup.command import ALL_WELL, run
from vdup.errors import ConfigError
from vdup.hydra_schema import register

from .config import EXPERIMENTS, CalibrationExperiment, PCAExperiment, RotationExperiment, TrainJobConfig, check_data


def train(config: TrainJobConfig) -> int:
    """Runs the experiment that the settings choose."""
    check_data(config)
    # Behind the check, which must not wait for torch.
    from vdup.report.printable import printable, screen
    from vdup.report.progress import ProgressDisplay

    unit = "queries" if isinstance(config.experiment, CalibrationExperiment) else "photographs"
    with ProgressDisplay("training", unit=unit) as display:
        match config.experiment, config.data.images:
            case PCAExperiment(dimensions=dimensions), Path() as images:
                from .pca import train_pca

                train_pca(images, config.output, config, dimensions, config.data.limit, display.counted)
            case RotationExperiment(), _:
                from .rotation import train_rotation

                train_rotation(config, display.counted)
            case CalibrationExperiment(), _:
                from .calibration import train_calibration

                train_calibration(config, display.counted)
            case unknown, _:
                raise ConfigError(f"no training is known for {type(unknown).__name__}")
    screen().print(f"written to {printable(str(config.output))}", soft_wrap=True)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}})
    run("train", TrainJobConfig, train)


if __name__ == "__main__":
    main()
