"""A library that is open: what a program works with."""

from collections.abc import Sequence
from pathlib import Path

from vdup.config import MatcherConfig
from vdup.pipeline.indexer import IndexReport, index_videos
from vdup.pipeline.indexer import Progress as IndexProgress
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.searcher import Progress as SearchProgress
from vdup.pipeline.searcher import SearchResult, search_videos
from vdup.types import Match
from vdup.video.discover import find_videos


class Library(OpenLibrary):
    """An open library: indexes videos and searches them. Use :meth:`open` in a ``with`` block."""

    def index(self, videos: Path | str, progress: IndexProgress | None = None) -> IndexReport:
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
        return self.index_all(find_videos(Path(videos)), progress)

    def index_all(self, videos: Sequence[tuple[str, Path]], progress: IndexProgress | None = None) -> IndexReport:
        """Adds what is new or changed among videos given as id and path; see :meth:`index`."""
        return index_videos(self, videos, progress)

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
        [result] = self.search_all([(path.name, path)], matcher)
        if result.error is not None:
            raise result.error
        return list(result.matches)

    def search_all(
        self,
        videos: Sequence[tuple[str, Path]],
        matcher: MatcherConfig | None = None,
        progress: SearchProgress | None = None,
    ) -> list[SearchResult]:
        """Searches for many videos, given as id and path; a bad file has an error in its result."""
        return search_videos(self, videos, matcher or MatcherConfig(), progress)
