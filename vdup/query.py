"""Command: finds the parts of videos that a library knows. ``python -m vdup.query videos=PATH [output=FILE]``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import QueryJobConfig
from vdup.hydra_schema import register


def query(config: QueryJobConfig) -> int:
    """Searches for every video, shows what was found and writes it; 1 when a query could not be read."""
    from vdup.report.output import check_output, write_matches
    from vdup.video.discover import find_videos

    check_output(config.output)
    videos = find_videos(config.videos)
    # Behind the checks, which must not wait for torch.
    from vdup.pipeline.library import Library
    from vdup.report.progress import ProgressDisplay
    from vdup.report.table import print_results

    with Library.open(config) as library:
        with ProgressDisplay("searching", len(videos)) as display:
            results = library.search_all(videos, config.matcher, display.query_searched)
        fingerprint = library.folder.manifest.fingerprint
    # The file first: it must not be lost to a closed terminal.
    if config.output is not None:
        write_matches(config.output, results, config, fingerprint)
    print_results(results, config.library, config.output)
    return FAILED if any(result.error is not None for result in results) else ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("query", QueryJobConfig, query)


if __name__ == "__main__":
    main()
