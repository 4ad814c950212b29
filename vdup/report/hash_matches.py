"""What a search by short codes found, as a table, CSV and JSON."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from vdup.config import QueryJobConfig
from vdup.pipeline.hash_lookup import HashMatch, HashSearchResult
from vdup.report.json_file import SCHEMA_VERSION, Json, plain_settings, vdup_version
from vdup.report.output import write_whole
from vdup.report.printable import counted, listed, printable, screen
from vdup.report.table import MOST_ROWS, plain_table

COLUMNS = ("query_id", "ref_id", "distance_bits")
"""Of the CSV file."""


def write_hash_matches(path: Path, results: Sequence[HashSearchResult], config: QueryJobConfig, bits: int) -> None:
    """Writes the matches in the form that the file's suffix names: ``.csv``, ``.json`` or ``.jsonl``.

    Args:
        path: the file.
        results: one for each query.
        config: settings of the search.
        bits: length of the codes.

    Raises:
        OutputError: the disk is full, or the file cannot be written; an older file of that name is untouched.
    """
    match path.suffix.lower():
        case ".csv":
            text = to_csv(results)
        case ".json":
            text = to_json(results, config, bits)
        case _:
            text = "".join(
                json.dumps({"schema_version": SCHEMA_VERSION, **_match(match)}, ensure_ascii=False) + "\n"
                for match in in_order(results)
            )
    write_whole(path, text)


def in_order(results: Sequence[HashSearchResult]) -> list[HashMatch]:
    """The matches of all queries, query by query, nearest first."""
    return [match for result in results for match in result.matches]


def to_csv(results: Sequence[HashSearchResult]) -> str:
    """A header and one line a match, query by query, nearest first."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows([match.query_id, match.reference_id, match.distance_bits] for match in in_order(results))
    return text.getvalue()


def to_json(results: Sequence[HashSearchResult], config: QueryJobConfig, bits: int) -> str:
    """One document: what was searched how, every query with its error if any, every match."""
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "vdup_version": vdup_version(),
        "settings": plain_settings(config),
        "bits": bits,
        "queries": [
            {"query_id": result.query_id, "error": None if result.error is None else result.error.reason}
            for result in results
        ],
        "matches": [_match(match) for match in in_order(results)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_hash_results(
    results: Sequence[HashSearchResult],
    bits: int,
    output: Path | None,
    missing: int = 0,
    console: Console | None = None,
) -> None:
    """Prints the nearest videos of every query.

    Args:
        results: one for each query.
        bits: length of the codes.
        output: file that holds the matches too.
        missing: indexed videos that have no code and could not be found.
        console: for tests; none: stdout.
    """
    console = console or screen()
    matches = in_order(results)
    if matches:
        table = plain_table(console)
        table.add_column("query", overflow="fold")
        table.add_column("nearest video", overflow="fold")
        table.add_column(f"distance of {bits} bits", justify="right")
        shown = matches[:MOST_ROWS] if console.is_terminal else matches
        for match in shown:
            table.add_row(printable(match.query_id), printable(match.reference_id), str(match.distance_bits))
        console.print(table)
        if len(shown) < len(matches):
            console.print(f"+{len(matches) - len(shown)} more; output=FILE.csv writes all of them")
    failed = [result.query_id for result in results if result.error is not None]
    if failed:
        console.print(f"not searched for, because they could not be read: {listed(failed)}", soft_wrap=True)
    if missing:
        console.print(
            f"without a code of this network, and not looked at: {counted(missing, 'video')} of the library; run "
            "vdup.index with the same hash.weights",
            soft_wrap=True,
        )
    if output is not None:
        console.print(f"{counted(len(matches), 'line')} written to {printable(str(output))}", soft_wrap=True)


def _match(match: HashMatch) -> dict[str, Json]:
    return {"query_id": match.query_id, "reference_id": match.reference_id, "distance_bits": match.distance_bits}
