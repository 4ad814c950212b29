"""Madonna and Climbing: recordings of one event by several cameras, and where each lies in it.

Douze et al., "Circulant temporal encoding for video retrieval and temporal alignment", IJCV 2016. The ground truth is
``gt_madonna.align`` or ``gt_climbing.align``: lines ``path begin end global`` with times in seconds. The time t of a
file, from begin to end, is the time global + t of the event. Madonna's paths are ``folder/file.ext``, Climbing's
``file.ext``; the videos and published features lie under ``videos/`` and ``rmac_resnet34_29/``, with or without folder
and extension.
"""

from dataclasses import dataclass
from pathlib import Path

from vdup.datasets.annotation_file import number, numbered_lines
from vdup.datasets.base import Skipped, VideoFile
from vdup.datasets.media import find_media, names_of
from vdup.errors import ConfigError

_GRID_PER_SECOND = 100


@dataclass(frozen=True, slots=True)
class Recording:
    """A video and its place in the event."""

    video: VideoFile
    start_seconds: float
    """First moment of the file that counts."""
    end_seconds: float
    """End of what counts."""
    global_seconds: float
    """Time of the event at time 0 of the file."""

    def offset_seconds(self, other: "Recording") -> float:
        """Time in the file of ``other`` minus time in this file, of the same moment.

        The publishers measure from each start, which adds the same number to the true and to an estimated offset.
        """
        return self.global_seconds - other.global_seconds

    def overlaps(self, other: "Recording") -> bool:
        """Whether both show a moment of the event, on the publishers' grid of a hundredth of a second."""
        first, last = self._grid()
        other_first, other_last = other._grid()
        return max(first, other_first) <= min(last, other_last)

    def _grid(self) -> tuple[int, int]:
        """First and last point of the half-open stretch; rounded, as 0.1 + 0.2 is not 0.3."""
        first = round((self.global_seconds + self.start_seconds) * _GRID_PER_SECOND)
        return first, round((self.global_seconds + self.end_seconds) * _GRID_PER_SECOND) - 1


@dataclass(frozen=True)
class RecordedEvent:
    """Recordings that are placed on one time line; every video is query and reference."""

    name: str
    recordings: tuple[Recording, ...]
    skipped: tuple[Skipped, ...] = ()

    @property
    def queries(self) -> tuple[VideoFile, ...]:
        """All videos."""
        return tuple(recording.video for recording in self.recordings)

    @property
    def references(self) -> tuple[VideoFile, ...]:
        """All videos."""
        return self.queries


def load_madonna(root: Path, *, features: Path | None = None) -> RecordedEvent:
    """Reads Madonna; see :func:`load_recordings`."""
    return load_recordings("Madonna", root / "gt_madonna.align", root, features=features)


def load_climbing(root: Path, *, features: Path | None = None) -> RecordedEvent:
    """Reads Climbing; see :func:`load_recordings`."""
    return load_recordings("Climbing", root / "gt_climbing.align", root, features=features)


def load_recordings(name: str, annotations: Path, root: Path, *, features: Path | None = None) -> RecordedEvent:
    """Reads an ``.align`` file. Ids are the paths as they stand in it.

    Args:
        name: name of the data set.
        annotations: the file.
        root: folder that holds the videos or features.
        features: folder of features, if not one that the publishers name; see :func:`find_media`.

    Raises:
        ConfigError: the file cannot be read, is empty, or a line is wrong; the text names file and line.
    """
    places: dict[str, tuple[float, float, float]] = {}
    for place, line in numbered_lines(annotations):
        parts = line.rsplit(maxsplit=3)
        if len(parts) != 4:
            raise ConfigError(f"{place}: a line must be 'path begin end global', got {line!r}")
        names = ("begin", "end", "global")
        start, end, offset = (number(place, key, text) for key, text in zip(names, parts[1:], strict=True))
        if end <= start:
            raise ConfigError(f"{place}: end {end} does not lie behind begin {start}")
        if parts[0] in places:
            raise ConfigError(f"{place}: {parts[0]} has a line already")
        places[parts[0]] = (start, end, offset)
    if not places:
        raise ConfigError(f"{annotations}: there is no line in it")
    videos = find_media({file: names_of(file) for file in places}, root, features=features)
    return RecordedEvent(name, tuple(Recording(video, *places[video.id]) for video in videos))
