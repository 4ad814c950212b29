"""Command: a data set by its own protocol. ``python -m vdup.evaluate dataset=NAME matcher=NAME data.root=DIR``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import EvaluateJobConfig
from vdup.hydra_schema import register


def evaluate(config: EvaluateJobConfig) -> int:
    """Evaluates, shows the numbers beside published ones and writes them; 1 when a video could not be read."""
    from vdup.protocols.files import check_json_output, check_plots, draw_plots, write_outcome

    check_json_output(config.output)
    check_plots(config.plots)
    # Behind the checks, which must not wait for torch.
    from vdup.matchers.build import build_matcher
    from vdup.protocols.answers import Workplace
    from vdup.protocols.run import evaluate_dataset
    from vdup.protocols.screen import print_outcome
    from vdup.report.progress import ProgressDisplay

    cache = config.work / "features"
    with ProgressDisplay("evaluating", unit="steps") as display:

        def progress(name: str, done: int, total: int, failure: str | None) -> None:
            display.advance(name, done, total, failure=failure)

        outcome = evaluate_dataset(Workplace(config, lambda: build_matcher(config.matcher, config, cache), progress))
    # The files first: they must not be lost to a closed terminal.
    if config.output is not None:
        write_outcome(config.output, outcome, config)
    if config.plots is not None:
        draw_plots(outcome, config.plots)
    print_outcome(outcome)
    return FAILED if outcome.unreadable else ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("evaluate", EvaluateJobConfig, evaluate)


if __name__ == "__main__":
    main()
