"""Says in plain words what a file that would not open as a video seems to be."""

from pathlib import Path

from vdup.regular_file import check_regular, open_regular

_HEAD_BYTES = 4096
_BOX_HEADER_BYTES = 16
_MOST_BOXES = 4096
# Box types that an ISO base media (MP4, MOV) file may begin with.
_FIRST_BOXES = {b"ftyp", b"moov", b"mdat", b"free", b"skip", b"wide", b"pnot"}
_BYTE_ORDER_MARK = b"\xef\xbb\xbf"
# Playlists of HLS and most players, of Winamp and of Windows Media Player, and scripts of FFmpeg's concat.
_LISTS = (b"#EXTM3U", b"[playlist]", b"<asx", b"<ASX", b"ffconcat ")
_MANIFEST = b"<MPD"  # DASH; other XML stands before it


def unreadable_reason(path: Path) -> str | None:
    """Why the bytes of a file cannot be read at all, or None when they can."""
    try:
        check_regular(path)
    except IsADirectoryError:
        return "is a folder, not a video file"
    except FileNotFoundError:
        return "there is no such file"
    except PermissionError:
        return "may not be read: permission denied"
    except OSError as error:
        return f"cannot be read: {error.strerror or error}"
    return None


def describe_damage(path: Path, otherwise: str = "the file is not a video, or is damaged beyond reading") -> str:
    """What a readable file that could not be opened as a video seems to be: empty, a list, text or cut short.

    Args:
        path: the file.
        otherwise: what to say where it looks like none of these.
    """
    with open_regular(path) as file:
        head = file.read(_HEAD_BYTES).removeprefix(_BYTE_ORDER_MARK)
    if not head:
        return "the file is empty"
    if not any(head):
        return "the file begins with zeros only; it was probably never written completely"
    if head[4:8] in _FIRST_BOXES:
        return _describe_boxes(path)
    if _looks_like_text(head):
        if head.lstrip().startswith(_LISTS) or _MANIFEST in head:
            return (
                "the file is a playlist, which only names other files and is not followed; give the videos themselves"
            )
        return "the file holds text, not a video"
    return otherwise


def _looks_like_text(head: bytes) -> bool:
    try:
        # The head may end inside a character of up to four bytes.
        text = head.decode("utf-8") if len(head) < _HEAD_BYTES else head[:-3].decode("utf-8", errors="ignore")
    except UnicodeDecodeError:
        return False
    odd = sum(not (character.isprintable() or character.isspace()) for character in text)
    return len(text) >= len(head) // 4 and odd == 0


def _describe_boxes(path: Path) -> str:
    """Walk the top-level boxes of an MP4 or MOV file: a four-byte size, a four-byte type, and the content."""
    size_bytes = path.stat().st_size
    position = 0
    with open_regular(path) as file:
        for _ in range(_MOST_BOXES):
            file.seek(position)
            header = file.read(_BOX_HEADER_BYTES)
            if len(header) < 8:
                break
            length, kind = int.from_bytes(header[:4], "big"), header[4:8]
            if length == 1:  # the size follows as eight bytes
                length = int.from_bytes(header[8:16], "big")
            elif length == 0:  # up to the end of the file
                length = size_bytes - position
            if kind == b"moov":
                if position + length > size_bytes:
                    return "the file is truncated: its table of contents (moov box) is cut short"
                return "the file has a table of contents (moov box), but it is damaged"
            if length < 8:
                break
            position += length
    cut = " and its data is cut short" if position > size_bytes else ""
    return f"the file is truncated: its table of contents (moov box) is missing{cut}"
