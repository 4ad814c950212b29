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

    units: dict[type, str] = {CalibrationExperiment: "queries", TripletExperiment: "photographs and videos"}
    reached = f"written to {printable(str(config.output))}"
    with ProgressDisplay("training", unit=units.get(type(config.experiment), "photographs")) as display:
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

                errors = screen(errors=True)
                result = train_triplet(config, display.counted, lambda record: errors.print(epoch_line(record)))
                reached = after_training(result)
            case unknown, _:
                raise ConfigError(f"no training is known for {type(unknown).__name__}")
    screen().print(reached, soft_wrap=True)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    run("train", TrainJobConfig, train)


if __name__ == "__main__":
    main()
