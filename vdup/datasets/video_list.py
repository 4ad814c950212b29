"""Lists of videos with ids, as the ViSiL program takes them."""

from pathlib import Path

from vdup.datasets.annotation_file import numbered_lines
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError


def read_video_list(path: Path) -> list[VideoFile]:
    """Reads a list of videos.

    Every line holds an id without white space, then a tab (or any other white space), then the path of a video or of a
    file of its frame features, which may hold spaces. Relative paths start at the folder of the list. Blank lines are
    passed over; no line is a comment, since an id may begin with any character. The files need not exist.

    Args:
        path: text file in UTF-8.

    Returns:
        The videos in the order of their lines, one or more.

    Raises:
        ConfigError: the list cannot be read, has no line, a line without a path, or an id twice.
    """
    places: dict[str, str] = {}
    videos: list[VideoFile] = []
    for place, line in numbered_lines(path):
        video_id, *rest = line.split(maxsplit=1)
        if not rest:
            raise ConfigError(f"{place}: expected an id, a tab and a path, got {line!r}")
        if video_id in places:
            raise ConfigError(f"{place}: the id {video_id!r} stands in {places[video_id]} already")
        places[video_id] = place
        videos.append(VideoFile(video_id, path.parent / rest[0]))
    if not videos:
        raise ConfigError(f"{path}: this list names no video; write an id, a tab and a path on each line")
    return videos
