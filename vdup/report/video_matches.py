"""Near-duplicates of whole videos as a table, CSV and JSON."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from vdup.config import QueryJobConfig
from vdup.pipeline.video_searcher import VideoMatch, VideoSearchResult
from vdup.report.json_file import SCHEMA_VERSION, Json, plain_settings, rounded, vdup_version
from vdup.report.output import write_whole
from vdup.report.printable import counted, listed, printable, screen
from vdup.report.table import MOST_ROWS, plain_table

COLUMNS = ("query_id", "ref_id", "similarity", "near_duplicate", "query_share", "reference_share")
"""Of the CSV file; near_duplicate is yes or no, the shares are 0 to 1, or empty where they were not looked for."""


def write_video_matches(
    path: Path, results: Sequence[VideoSearchResult], config: QueryJobConfig, fingerprint: str, threshold: float
) -> None:
    """Writes the matches in the form that the file's suffix names.

    Args:
        path: ``.csv``, ``.json`` or ``.jsonl`` file.
        results: one for each query.
        config: settings of the search.
        fingerprint: of the settings that made the library.
        threshold: that was used.

    Raises:
        OutputError: the disk is full, or the file cannot be written; an older file of that name is untouched.
    """
    match path.suffix.lower():
        case ".csv":
            text = to_csv(results)
        case ".json":
            text = to_json(results, config, fingerprint, threshold)
        case _:
            text = "".join(
                json.dumps({"schema_version": SCHEMA_VERSION, **_match(match)}, ensure_ascii=False) + "\n"
                for match in in_order(results)
            )
    write_whole(path, text)


def in_order(results: Sequence[VideoSearchResult]) -> list[VideoMatch]:
    """The matches of all queries, query by query, nearest first."""
    return [match for result in results for match in result.matches]


def to_csv(results: Sequence[VideoSearchResult]) -> str:
    """A header and one line a match, query by query, nearest first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for match in in_order(results):
        answer = "yes" if match.is_near_duplicate else "no"
        shares = ["" if share is None else f"{share:.4f}" for share in (match.query_share, match.reference_share)]
        writer.writerow([match.query_id, match.reference_id, f"{match.similarity:.6f}", answer, *shares])
    return text.getvalue()


def to_json(results: Sequence[VideoSearchResult], config: QueryJobConfig, fingerprint: str, threshold: float) -> str:
    """One document: what was searched how, every query with its error if any, every match."""
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "vdup_version": vdup_version(),
        "model_fingerprint": fingerprint,
        "settings": plain_settings(config),
        "threshold": rounded(threshold, 6),
        "queries": [
            {
                "query_id": result.query_id,
                "duration_seconds": rounded(result.seconds, 3),
                "near_duplicates": sum(match.is_near_duplicate for match in result.matches),
                "error": None if result.error is None else result.error.reason,
            }
            for result in results
        ],
        "matches": [_match(match) for match in in_order(results)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_video_results(
    results: Sequence[VideoSearchResult],
    library: Path,
    threshold: float,
    output: Path | None,
    missing: int = 0,
    console: Console | None = None,
) -> None:
    """Prints the nearest videos of every query.

    Args:
        results: one for each query.
        library: where was looked.
        threshold: from which similarity on a video counts as a near-duplicate.
        output: file that holds the matches too.
        missing: indexed videos that have no vector and could not be found.
        console: for tests; none: stdout.
    """
    console = console or screen()
    matches = in_order(results)
    if matches:
        table = plain_table(console)
        table.add_column("query", overflow="fold")
        table.add_column("nearest video", overflow="fold")
        table.add_column("similarity", justify="right")
        table.add_column("near-duplicate")
        table.add_column("of the query", justify="right")
        table.add_column("of the video", justify="right")
        shown = matches[:MOST_ROWS] if console.is_terminal else matches
        for match in shown:
            answer = "yes" if match.is_near_duplicate else "no"
            shares = ["-" if share is None else f"{share:.0%}" for share in (match.query_share, match.reference_share)]
            names = printable(match.query_id), printable(match.reference_id)
            table.add_row(*names, f"{match.similarity:.3f}", answer, *shares)
        console.print(table)
        if len(shown) < len(matches):
            console.print(f"+{len(matches) - len(shown)} more; output=FILE.csv writes all of them")
    found = sum(any(match.is_near_duplicate for match in result.matches) for result in results)
    console.print(
        f"{found} of {len(results)} queries have a near-duplicate in {printable(str(library))} "
        f"(similarity {threshold:.3f} or more)",
        soft_wrap=True,
    )
    nothing = sum(match.is_near_duplicate and match.query_share == 0 for match in matches)
    if nothing:
        console.print(f"{counted(nothing, 'near-duplicate')} by similarity with no stretch in common", soft_wrap=True)
    failed = [result.query_id for result in results if result.error is not None]
    if failed:
        console.print(f"not searched for, because they could not be read: {listed(failed)}", soft_wrap=True)
    if missing:
        console.print(
            f"without a vector of this kind, and not looked at: {counted(missing, 'video')} of the library; index once "
            "more with aggregation.fill_in=true",
            soft_wrap=True,
        )
    if output is not None:
        console.print(f"{counted(len(matches), 'line')} written to {printable(str(output))}", soft_wrap=True)


def _match(match: VideoMatch) -> dict[str, Json]:
    return {
        "query_id": match.query_id,
        "reference_id": match.reference_id,
        "similarity": rounded(match.similarity, 6),
        "near_duplicate": match.is_near_duplicate,
        "query_share": None if match.query_share is None else rounded(match.query_share, 4),
        "reference_share": None if match.reference_share is None else rounded(match.reference_share, 4),
    }
