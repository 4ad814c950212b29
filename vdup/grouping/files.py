"""Whether the files of videos are still those that were indexed, and which of them are one file under several names."""

import stat
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import Enum

from vdup.catalogue.records import VideoRecord


class FileState(Enum):
    """How a video's file is found."""

    present = "present"
    """As it was indexed."""
    gone = "gone"
    """There is none of that name, or it is a link to nothing."""
    changed = "changed"
    """Its size or time is another one, so what is known of it may be true no more."""
    unusable = "unusable"
    """It is no regular file any more, or cannot be looked at."""


@dataclass(frozen=True)
class FileLook:
    """A video's file as it is now."""

    state: FileState
    reason: str = ""
    """Why it is not as it was indexed, for people; empty where it is."""
    identity: tuple[int, int] = (0, 0)
    """Device and number on it (inode): equal for all names of one file. Only of a file that is present."""
    is_symlink: bool = False


def look_at(record: VideoRecord) -> FileLook:
    """Looks at a video's file without opening it; links are followed."""
    try:
        status = record.path.stat()
        is_symlink = record.path.is_symlink()
    except (FileNotFoundError, NotADirectoryError):
        return FileLook(FileState.gone, "the file is gone")
    except (OSError, ValueError) as error:
        told = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return FileLook(FileState.unusable, f"the file cannot be looked at: {told}")
    if not stat.S_ISREG(status.st_mode):
        return FileLook(FileState.unusable, "no regular file any more")
    if (status.st_size, status.st_mtime_ns) != (record.size_bytes, record.modified_ns):
        return FileLook(FileState.changed, "changed since it was indexed; index it again")
    return FileLook(FileState.present, identity=(status.st_dev, status.st_ino), is_symlink=is_symlink)


def main_names(files: Mapping[str, FileLook], ids: Iterable[str]) -> dict[str, str]:
    """For each video that is present the id that stands for its file: itself, unless the file has other names too.

    A name that is no symbolic link comes first, then the first by id.

    Args:
        files: of these videos at least, by id.
        ids: videos.
    """
    names: defaultdict[tuple[int, int], list[str]] = defaultdict(list)
    for video_id in dict.fromkeys(ids):
        if files[video_id].state is FileState.present:
            names[files[video_id].identity].append(video_id)
    found = {}
    for same in names.values():
        main = min(same, key=lambda video_id: (files[video_id].is_symlink, video_id))
        found.update(dict.fromkeys(same, main))
    return found
