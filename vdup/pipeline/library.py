"""A library that is open: what a program works with."""

from pathlib import Path

from vdup.config import MatcherConfig
from vdup.pipeline.indexer import IndexReport, Progress, index_videos
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import search_videos
from vdup.types import Match
from vdup.video.discover import find_videos


class Library(OpenLibrary):
    """An open library: indexes videos and searches them. Use :meth:`open` in a ``with`` block."""

    def index(self, videos: Path | str, progress: Progress | None = None) -> IndexReport:
        """Adds what is new or changed among videos.

        Args:
            videos: a file, a folder (searched recursively) or a ``.txt`` file with one path a line.
            progress: called after each video.

        Returns:
            What became of each video. A bad file is counted and passed over.

        Raises:
            ConfigError: there are no videos there.
            LibraryFullError: the disk is full; everything indexed before is kept.
        """
        try:
            return index_videos(self, find_videos(Path(videos)), progress)
        finally:
            self.save()

    def search(self, video: Path | str, matcher: MatcherConfig | None = None) -> list[Match]:
        """Finds the parts of one video that the library knows.

        Args:
            video: a video file.
            matcher: settings of the search; none: the defaults.

        Returns:
            Matches, best first; none when nothing was found.

        Raises:
            VideoError: the file cannot be used.
            WeightsError: the calibration does not belong to the model.
        """
        path = Path(video)
        [result] = search_videos(self, [(path.name, path)], matcher or MatcherConfig())
        if result.error is not None:
            raise result.error
        return list(result.matches)
