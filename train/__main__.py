"""Command: makes files of weights. ``python -m vdup.train +experiment=NAME data.images=DIR [output=FILE]``."""

from pathlib import Path

from vdup.command import ALL_WELL, run
from vdup.errors import ConfigError
from vdup.hydra_schema import register

from .config import EXPERIMENTS, CalibrationExperiment, PCAExperiment, RotationExperiment, TrainJobConfig, check_data
from .config_losses import LOSSES
from .config_triplet import TripletExperiment


def train(config: TrainJobConfig) -> int:
    """Runs the experiment that the settings choose."""
    check_data(config)
    # Behind the check, which must not wait for torch.
    from vdup.report.printable import printable, screen
    from vdup.report.progress import ProgressDisplay

    unit = {CalibrationExperiment: "queries", TripletExperiment: "photographs and videos"}.get(
        type(config.experiment), "photographs"
    )
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
            case TripletExperiment(), _:
                from .epoch_lines import after_training, epoch_line
                from .triplet import train_triplet

                result = train_triplet(
                    config, display.counted, lambda record: screen(errors=True).print(epoch_line(record))
                )
                screen().print(after_training(result), soft_wrap=True)
                return ALL_WELL
            case unknown, _:
                raise ConfigError(f"no training is known for {type(unknown).__name__}")
    screen().print(f"written to {printable(str(config.output))}", soft_wrap=True)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    run("train", TrainJobConfig, train)


if __name__ == "__main__":
    main()
