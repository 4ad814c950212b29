"""Files that are in the library byte for byte: known without looking at a picture, however short or empty they are."""

from pathlib import Path

from vdup.catalogue.content_hash import hash_content
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.movies.rectangles import WHOLE
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import Colour, Edits, Match


def identical_videos(library: OpenLibrary, path: Path) -> list[VideoRecord]:
    """Indexed videos whose file has the same bytes, ordered by id.

    The file is read to its end only where the library knows one of its size.

    Args:
        library: where to look.
        path: a file; for a folder of pictures nothing is found.

    Raises:
        VideoOpenError: the file cannot be read.
    """
    if not path.is_file() or not library.folder.catalogue.knows_size(path.stat().st_size):
        return []
    records = library.folder.catalogue.by_content_hash(hash_content(path))
    return [record for record in records if record.state is VideoState.indexed]


def identical_match(query_id: str, record: VideoRecord) -> Match:
    """The whole query is the whole of an indexed video, at its own speed."""
    duration = record.duration_seconds or 0.0
    return Match(
        query_id=query_id,
        reference_id=record.id,
        query_start_seconds=0.0,
        query_end_seconds=duration,
        reference_start_seconds=0.0,
        reference_end_seconds=duration,
        score=1.0,
        identical=True,
        edits=Edits(WHOLE, WHOLE, mirrored=False, turned_degrees=0, confidence=1.0, colour=Colour.kept),
    )
