"""The tables of a copy-detection problem: ``gt.csv``, what is copied from where, and ``edits.csv``, how."""

import csv
from collections.abc import Sequence
from dataclasses import astuple, dataclass
from pathlib import Path

from vdup.datasets.annotation_file import csv_rows

TAKE = "take"
"""Before the colon of the edit of a query that shows another moment of a video which a reference was made from."""

_TRUTH_COLUMNS = ("query_id", "ref_id", "query_start", "query_end", "ref_start", "ref_end")
_EDIT_COLUMNS = ("query_id", "edit", "reference_id")


@dataclass(frozen=True)
class CopiedStretch:
    """One row of ``gt.csv``."""

    query_id: str
    ref_id: str
    query_start: float
    """Seconds; the other three likewise."""
    query_end: float
    ref_start: float
    ref_end: float


@dataclass(frozen=True)
class EditedQuery:
    """One row of ``edits.csv``; a query with several copies has one for each."""

    query_id: str
    edit: str
    reference_id: str | None
    """Whose footage is copied, or seen at another moment; empty: that of none; None: the file does not tell."""


def write_tables(root: Path, truth: Sequence[CopiedStretch], edited: Sequence[EditedQuery]) -> None:
    """Writes both tables into the folder of a problem."""
    _write(root / "gt.csv", _TRUTH_COLUMNS, [astuple(row) for row in truth])
    _write(root / "edits.csv", _EDIT_COLUMNS, [astuple(row) for row in edited])


def read_edited(path: Path) -> list[EditedQuery]:
    """Reads ``edits.csv``, none where there is none; that of an older problem has no column of references.

    Raises:
        ConfigError: the file is there but cannot be read, or lacks another column.
    """
    if not path.exists():
        return []
    rows = csv_rows(path, _EDIT_COLUMNS[:2])
    return [EditedQuery(row["query_id"], row["edit"], row.get("reference_id")) for _, row in rows]


def _write(path: Path, header: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
