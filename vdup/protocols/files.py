"""The outcome of an evaluation as files: JSON, plots with their numbers."""

import json
import math
import os
from pathlib import Path

from vdup.config import EvaluateJobConfig
from vdup.errors import ConfigError
from vdup.protocols.outcome import Outcome, Published
from vdup.report.json_file import Json, plain_settings
from vdup.report.output import check_output, write_whole

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; new fields may come without."""


def check_json_output(path: Path | None) -> None:
    """Refuses a file that could not be written, before hours are spent on what should go in.

    Raises:
        ConfigError: its name does not end in .json, or its place may not be written to.
    """
    if path is not None and path.suffix.lower() != ".json":
        raise ConfigError(f"output={path}: its name must end in .json")
    check_output(path)


def check_plots(folder: Path | None) -> None:
    """Refuses a folder that could not be filled, before hours are spent on what should go in; makes it.

    Raises:
        ConfigError: it is a file, or its place may not be written to.
    """
    if folder is None:
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(f"plots={folder}: this folder cannot be made: {error.strerror}") from error
    if not os.access(folder, os.W_OK):
        raise ConfigError(f"plots={folder}: this folder cannot be written to: permission denied")


def write_outcome(path: Path, outcome: Outcome, config: EvaluateJobConfig) -> None:
    """Writes one JSON document: measures by name, null where one has no meaning; settings without secrets.

    Raises:
        OutputError: the file cannot be written; an older file of that name is untouched.
    """
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "dataset": outcome.dataset,
        "protocol": outcome.protocol,
        "definition": outcome.definition,
        "answers": outcome.answers,
        "queries": {"present": outcome.queries.present, "missing": outcome.queries.missing},
        "references": {"present": outcome.references.present, "missing": outcome.references.missing},
        "measures": {measure.name: _number(measure.value) for measure in outcome.measures},
        "breakdowns": [
            {"title": each.title, "columns": list(each.columns), "rows": [list(row) for row in each.rows]}
            for each in outcome.breakdowns
        ],
        "published": [_published_json(each) for each in outcome.published],
        "notes": list(outcome.notes),
        "skipped": [{"reason": each.reason, "places": list(each.places)} for each in outcome.skipped],
        "unreadable": dict(outcome.unreadable),
        "settings": plain_settings(config),
    }
    write_whole(path, json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n")


def draw_plots(outcome: Outcome, folder: Path) -> list[Path]:
    """Writes every plot of an outcome into a folder, PNG and CSV; returns the files.

    Raises:
        OutputError: a file cannot be written.
    """
    return [file for name, plot in outcome.plots.items() for file in plot(folder / f"{name}.png")]


def _published_json(published: Published) -> Json:
    return {
        "method": published.method,
        "values": dict(published.values),
        "source": published.source,
        "comparable": published.comparable,
    }


def _number(value: float) -> float | None:
    return value if math.isfinite(value) else None
