"""Matches as JSON: one document, or one line a match."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields, is_dataclass
from enum import Enum
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from vdup.config import QueryJobConfig
from vdup.report.csv_file import best_first
from vdup.types import Edits, Match, PictureMatch, Rectangle

if TYPE_CHECKING:  # the pipeline brings in torch, which wrong use must not wait for
    from vdup.pipeline.searcher import SearchResult

SCHEMA_VERSION = 1
"""Raised when a field changes its meaning or goes; new fields may come without."""

Json = None | bool | int | float | str | Sequence["Json"] | Mapping[str, "Json"]

_SECRET = {"api_key"}


def to_json(results: Sequence["SearchResult"], config: QueryJobConfig, fingerprint: str) -> str:
    """One document: what was searched how, every query with its error if any, every match best first.

    Args:
        results: one for each query.
        config: settings of the search; secrets in it are left out.
        fingerprint: of the settings and weights that made the library's codes.
    """
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "vdup_version": vdup_version(),
        "model_fingerprint": fingerprint,
        "settings": plain_settings(config),
        "queries": [
            {
                "query_id": result.query_id,
                "duration_seconds": rounded(result.seconds, 3),
                "matches": len(result.matches),
                "threshold": None if result.threshold is None else rounded(result.threshold, 6),
                "error": None if result.error is None else result.error.reason,
            }
            for result in results
        ],
        "matches": [_match(match) for match in best_first(results)],
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def to_json_lines(results: Sequence["SearchResult"], fingerprint: str) -> str:
    """One line a match, best first; each stands by itself, with schema version and fingerprint."""
    head: Mapping[str, Json] = {"schema_version": SCHEMA_VERSION, "model_fingerprint": fingerprint}
    return "".join(
        json.dumps({**head, **_match(match)}, ensure_ascii=False, allow_nan=False) + "\n"
        for match in best_first(results)
    )


def _match(match: Match) -> Mapping[str, Json]:
    evidence = match.evidence
    return {
        "query_id": match.query_id,
        "reference_id": match.reference_id,
        "query_start_seconds": rounded(match.query_start_seconds, 3),
        "query_end_seconds": rounded(match.query_end_seconds, 3),
        "reference_start_seconds": rounded(match.reference_start_seconds, 3),
        "reference_end_seconds": rounded(match.reference_end_seconds, 3),
        "score": rounded(match.score, 6),
        "speed": rounded(match.speed, 4),
        "identical": match.identical,
        "edits": None if match.edits is None else _edits(match.edits),
        "evidence": None
        if evidence is None
        else {
            "frames_matched": evidence.frames_matched,
            "frames_compared": evidence.frames_compared,
            "mean_hamming_distance": rounded(evidence.mean_hamming_distance, 2),
            "tmk_score": rounded(evidence.tmk_score, 6),
            "time_offset_seconds": rounded(evidence.time_offset_seconds, 3),
            "mirrored": evidence.mirrored,
            "panel": evidence.panel,
            "picture": None if evidence.picture is None else _picture(evidence.picture),
            "score_inputs": None
            if evidence.score_inputs is None
            else {name: rounded(value, 4) for name, value in evidence.score_inputs.items()},
            "place_uncertain_seconds": None
            if evidence.place_uncertain_seconds is None
            else [rounded(moment, 3) for moment in evidence.place_uncertain_seconds],
        },
    }


def _edits(edits: Edits) -> Json:
    return {
        "shown": _rectangle(edits.shown),
        "fills": _rectangle(edits.fills),
        "mirrored": edits.mirrored,
        "turned_degrees": edits.turned_degrees,
        "tilted_degrees": rounded(edits.tilted_degrees, 1),
        "confidence": rounded(edits.confidence, 4),
        "confidence_inputs": None
        if edits.confidence_inputs is None
        else {name: rounded(value, 4) for name, value in edits.confidence_inputs.items()},
        "colour": None if edits.colour is None else edits.colour.value,
    }


def _rectangle(part: Rectangle) -> Json:
    return {name: rounded(value, 4) for name, value in asdict(part).items()}


def _picture(found: PictureMatch) -> Json:
    placed = found.placement
    return {
        "correlation": rounded(found.correlation, 4),
        "contrast": rounded(found.contrast, 4),
        "motion": rounded(found.motion, 4),
        "top": rounded(placed.top, 4),
        "left": rounded(placed.left, 4),
        "height": rounded(placed.height, 4),
        "width": rounded(placed.width, 4),
        "mirrored": placed.mirrored,
        "quarter_turns": placed.quarter_turns,
        "tilt_degrees": rounded(placed.tilt_degrees, 1),
        "clear": found.clear,
    }


def rounded(value: float, decimals: int) -> float | None:
    """Rounded; None for what JSON has no number for."""
    return round(float(value), decimals) if math.isfinite(value) else None


def plain_settings(value: object) -> Json:
    """Settings as JSON; the option chosen in a group is told by its class, in ``kind``."""
    if is_dataclass(value) and not isinstance(value, type):
        settings = {
            field.name: plain_settings(getattr(value, field.name))
            for field in fields(value)
            if field.name not in _SECRET
        }
        return {"kind": type(value).__name__, **settings}
    if isinstance(value, Enum):
        return str(value.value)
    if isinstance(value, list):
        return [plain_settings(item) for item in value]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    return str(value) if isinstance(value, Path) else repr(value)


def vdup_version() -> str:
    """Version of the installed package."""
    try:
        return version("vdup")
    except PackageNotFoundError:  # a checkout that was not installed
        return "not installed"
