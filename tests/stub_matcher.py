"""A method that compares videos by a table, for the tests of protocols."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from vdup.datasets.base import VideoFile
from vdup.errors import VideoOpenError
from vdup.matchers.base import Comparison, PairMatcher

Stretch = tuple[str, tuple[float, float] | None]


NOTHING = Comparison(0.0)


@dataclass
class StubMatcher(PairMatcher[Stretch]):
    """Says what its table says of (query id, reference id), and counts what it is asked for."""

    table: Mapping[tuple[str, str], Comparison]
    otherwise: Comparison = NOTHING
    unreadable: frozenset[str] = frozenset()
    prepared: Counter[Stretch] = field(default_factory=Counter)
    compared: list[tuple[Stretch, Stretch, bool]] = field(default_factory=list)

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> Stretch:
        assert video.path is not None
        if video.id in self.unreadable:
            raise VideoOpenError(video.path, "not a video")
        self.prepared[video.id, span_seconds] += 1
        return video.id, span_seconds

    def compare(self, query: Stretch, reference: Stretch, *, inside: bool = False) -> Comparison:
        self.compared.append((query, reference, inside))
        return self.table.get((query[0], reference[0]), self.otherwise)
