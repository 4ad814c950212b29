"""Command: makes files of weights. ``python -m vdup.train +experiment=NAME data.images=DIR [output=FILE]``."""

from vdup.command import ALL_WELL, run
from vdup.hydra_schema import register

from .config import EXPERIMENTS, LOSSES, TrainJobConfig, check_data
from .runs import run_of


def train(config: TrainJobConfig) -> int:
    """Runs the experiment that the settings choose."""
    check_data(config)
    chosen = run_of(config)
    # Behind the checks, which must not wait for torch.
    from vdup.report.printable import printable, screen
    from vdup.report.progress import ProgressDisplay

    errors = screen(errors=True)
    with ProgressDisplay("training", unit=chosen.unit) as display:
        reached = chosen.start(config, display.counted, errors.print)
    screen().print(reached or f"written to {printable(str(config.output))}", soft_wrap=True)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register({"job": {"train": TrainJobConfig}, "experiment": {**EXPERIMENTS}, "loss": {**LOSSES}})
    run("train", TrainJobConfig, train)


if __name__ == "__main__":
    main()
