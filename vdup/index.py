"""Command: adds videos to a library. ``python -m vdup.index videos=PATH [library=DIR]``."""

from vdup.config import IndexJobConfig
from vdup.hydra_schema import register, run


def index(config: IndexJobConfig) -> int:
    """Indexes what is new or changed; returns 1 when a video failed."""
    from vdup.pipeline.indexer import Outcome
    from vdup.pipeline.library import Library
    from vdup.report.progress import ProgressLine
    from vdup.report.summary import print_index_report
    from vdup.video.discover import find_videos

    videos = find_videos(config.videos)
    with Library.open(config, create=True) as library, ProgressLine("indexing", len(videos)) as line:
        report = library.index_all(videos, lambda file, _, __: line.advance(file.video_id, file.outcome.value))
    print_index_report(report, config.library)
    return 1 if report.count(Outcome.failed) else 0


def main() -> None:
    """Runs the command."""
    register()
    run("index", IndexJobConfig, index)


if __name__ == "__main__":
    main()
