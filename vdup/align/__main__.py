"""Command: brings two recordings of one event into step. ``python -m vdup.align a=FILE b=FILE``."""

from vdup.command import ALL_WELL, run
from vdup.config import AlignJobConfig
from vdup.errors import ConfigError
from vdup.hydra_schema import register


def align(config: AlignJobConfig) -> int:
    """Prints how b lies on a, or that they have nothing in common, which is an answer too."""
    from vdup.report.figure import can_draw
    from vdup.report.output import check_output

    for setting, path in (("a", config.a), ("b", config.b)):
        if path.is_dir():
            raise ConfigError(f"{setting}={path} is a folder; give the name of a video")
        if not path.exists():
            raise ConfigError(f"{setting}={path}: there is no such file")
        if not path.is_file():
            raise ConfigError(f"{setting}={path} is not a regular file; give the name of a video")
    check_output(config.output, (".json",))
    check_output(config.plot, (".png",), "plot")
    if config.plot is not None and not can_draw():
        raise ConfigError(f"plot={config.plot} needs the package matplotlib: install vdup[train], or leave plot out")
    # Behind the checks, which must not wait for torch.
    from vdup.pipeline.align_recordings import align_files
    from vdup.report.alignment import print_alignment, write_alignment
    from vdup.report.plots import plot_score_over_offset
    from vdup.report.progress import ProgressDisplay

    with ProgressDisplay("reading", unit="s of video") as display:
        alignment = align_files(config, display.counted)
    if config.output is not None:
        write_alignment(config.output, alignment, config)
    if config.plot is not None and alignment is not None:
        plot_score_over_offset(config.plot, alignment.offsets_seconds, alignment.scores, alignment.offset_seconds)
    print_alignment(alignment, config)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("align", AlignJobConfig, align)


if __name__ == "__main__":
    main()
