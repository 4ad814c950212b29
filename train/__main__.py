"""Command: makes files of weights. ``python -m vdup.train +experiment=NAME data.images=DIR [output=FILE]``."""

from pathlib import Path

from rich.console import Console

from vdup.command import run
from vdup.errors import ConfigError
from vdup.hydra_schema import register

from .config import (
    EXPERIMENTS,
    CalibrationExperiment,
    DataConfig,
    PCAExperiment,
    RotationExperiment,
    TrainJobConfig,
)


def train(config: TrainJobConfig) -> int:
    """Runs the experiment that the settings choose."""
    match config.experiment:
        case PCAExperiment(dimensions=dimensions):
            images = _folder("data.images", config.data.images)
            from .pca import train_pca

            train_pca(images, config.output, config, dimensions, config.data.limit)
        case RotationExperiment():
            _check_folders(config.data)
            from .rotation import train_rotation

            train_rotation(config)
        case CalibrationExperiment():
            _check_folders(config.data)
            from .calibration import train_calibration

            train_calibration(config)
        case _:
            raise ConfigError(f"no experiment was chosen; add +experiment=NAME with one of {', '.join(EXPERIMENTS)}")
    Console(soft_wrap=True, highlight=False).print(f"written to {config.output}", markup=False)
    return 0


def _check_folders(data: DataConfig) -> None:
    given = {f"data.{name}": path for name, path in (("images", data.images), ("videos", data.videos)) if path}
    if not given:
        raise ConfigError("nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    for name, path in given.items():
        _folder(name, path)


def _folder(name: str, path: Path | None) -> Path:
    if path is None:
        raise ConfigError(f"nothing to learn from; give a folder as {name}=DIR")
    if not path.is_dir():
        raise ConfigError(f"{name}={path}: there is no such folder")
    return path


def main() -> None:
    """Runs the command."""
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}})
    run("train", TrainJobConfig, train)


if __name__ == "__main__":
    main()
