"""Command: finds the parts of videos that a library knows. ``python -m vdup.query videos=PATH [output=FILE]``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import QueryJobConfig
from vdup.hydra_schema import register


def query(config: QueryJobConfig) -> int:
    """Searches for every video, shows what was found and writes it; 1 when a query could not be read."""
    from vdup.report.output import check_output
    from vdup.video.discover import find_videos

    check_output(config.output)
    videos = find_videos(config.videos)
    # Behind the checks, which must not wait for torch.
    from vdup.report.answers import answer

    return ALL_WELL if answer(config, videos) else FAILED


def main() -> None:
    """Runs the command."""
    register()
    run("query", QueryJobConfig, query)


if __name__ == "__main__":
    main()
