"""Ground truth, predictions and edit labels, read from CSV files.

The form is that of the Video Similarity Challenge (VSC2022): one row a segment, times in seconds, header
``query_id,ref_id,query_start,query_end,ref_start,ref_end`` and, for predictions, ``score``. Columns may stand in any
order; further columns are ignored.
"""

from pathlib import Path, PurePosixPath

from vdup.datasets.annotation_file import Row, cell, csv_rows, number
from vdup.datasets.segments import ScoredSegment, Segment
from vdup.errors import ConfigError

_BOX_COLUMNS = ("query_start", "query_end", "ref_start", "ref_end")


def read_ground_truth(path: Path, *, strip_extensions: bool = False) -> list[Segment]:
    """Reads true segments, in the order of the file.

    Args:
        path: CSV file.
        strip_extensions: cut the last extension off every id, so that ``clip.mp4`` and ``clip`` are the same video.

    Returns:
        The segments; none for a file with a header only.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a row is wrong; the text names file and line.
    """
    segments = []
    for place, row in csv_rows(path, ("query_id", "ref_id", *_BOX_COLUMNS)):
        box = _box(place, row)
        if box[0] == box[1] or box[2] == box[3]:
            raise ConfigError(f"{place}: a true segment of no length; remove the row or mend its times")
        segments.append(Segment(*_ids(place, row, strip_extensions), *box))
    return segments


def read_predictions(path: Path, *, strip_extensions: bool = False) -> list[ScoredSegment]:
    """Reads predicted segments, in the order of the file.

    Args:
        path: CSV file.
        strip_extensions: as in :func:`read_ground_truth`; vdup's own CSV has file names as ids.

    Returns:
        The segments; none for a file with a header only.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a row is wrong; the text names file and line.
    """
    return [
        ScoredSegment(*_ids(place, row, strip_extensions), *_box(place, row), _number(place, row, "score"))
        for place, row in csv_rows(path, ("query_id", "ref_id", *_BOX_COLUMNS, "score"))
    ]


def read_edits(path: Path, *, strip_extensions: bool = False) -> dict[str, list[str]]:
    """Reads what was done to each query: columns ``query_id,edit``, several edits in one row joined by ``+``.

    Args:
        path: CSV file.
        strip_extensions: as in :func:`read_ground_truth`.

    Returns:
        Labels of each query, in the order of the file. A query with several rows has one label for each.

    Raises:
        ConfigError: the file cannot be read, lacks a column, or a row is wrong; the text names file and line.
    """
    edits: dict[str, list[str]] = {}
    for place, row in csv_rows(path, ("query_id", "edit")):
        edits.setdefault(_id(place, row, "query_id", strip_extensions), []).append(cell(place, row, "edit"))
    return edits


def _id(place: str, row: Row, column: str, strip_extension: bool) -> str:
    value = cell(place, row, column)
    suffix = PurePosixPath(value).suffix if strip_extension else ""
    return value.removesuffix(suffix)


def _ids(place: str, row: Row, strip_extensions: bool) -> tuple[str, str]:
    return _id(place, row, "query_id", strip_extensions), _id(place, row, "ref_id", strip_extensions)


def _number(place: str, row: Row, column: str) -> float:
    return number(place, column, cell(place, row, column))


def _box(place: str, row: Row) -> tuple[float, float, float, float]:
    query_start, query_end, reference_start, reference_end = (_number(place, row, column) for column in _BOX_COLUMNS)
    for side, start, end in (("query", query_start, query_end), ("ref", reference_start, reference_end)):
        if end < start:
            raise ConfigError(f"{place}: {side}_end {end} lies before {side}_start {start}")
    return query_start, query_end, reference_start, reference_end
