"""Command: adds videos to a library. ``python -m vdup.index videos=PATH [library=DIR]``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import IndexJobConfig
from vdup.hydra_schema import register


def index(config: IndexJobConfig) -> int:
    """Indexes what is new or changed; 1 when a video failed."""
    from vdup.video.discover import find_videos

    videos = find_videos(config.videos)
    # Behind the check of the path, which must not wait for torch.
    from vdup.pipeline.indexer import Outcome
    from vdup.pipeline.library import Library
    from vdup.report.hash_filling import fill_hashes
    from vdup.report.progress import ProgressDisplay
    from vdup.report.summary import print_index_report

    with Library.open(config, create=True) as library:
        with ProgressDisplay("indexing", len(videos)) as display:
            report = library.index_all(videos, display.video_indexed)
        print_index_report(report, config.library, display.elapsed_seconds)
        all_hashed = config.hash.weights is None or fill_hashes(library, config.hash)
    return ALL_WELL if all_hashed and not report.count(Outcome.failed) else FAILED


def main() -> None:
    """Runs the command."""
    register()
    run("index", IndexJobConfig, index)


if __name__ == "__main__":
    main()
