"""Results made up for tests of reports."""

import io

from rich.console import Console

from vdup.errors import VideoOpenError
from vdup.pipeline.searcher import SearchResult
from vdup.types import Evidence, Match


def match(query_id: str = "q.mp4", reference_id: str = "r.mp4", score: float = 0.9, **others: float) -> Match:
    return Match(
        query_id=query_id,
        reference_id=reference_id,
        query_start_seconds=others.get("start", 1.0),
        query_end_seconds=others.get("start", 1.0) + 10.25,
        reference_start_seconds=3661.5,
        reference_end_seconds=3671.75,
        score=score,
        speed=others.get("speed", 1.0),
        evidence=Evidence(
            frames_matched=18,
            frames_compared=20,
            mean_hamming_distance=others.get("distance", 123.456),
            tmk_score=0.75,
            time_offset_seconds=3660.5,
            mirrored=False,
            panel=False,
        ),
        identical=bool(others.get("identical", False)),
    )


def found(*matches: Match) -> SearchResult:
    return SearchResult(matches[0].query_id, matches, seconds=30.0)


def nothing(query_id: str) -> SearchResult:
    return SearchResult(query_id, (), seconds=12.0, threshold=0.4)


def unreadable(query_id: str) -> SearchResult:
    return SearchResult(query_id, (), VideoOpenError(f"videos/{query_id}", "not a video; check the file"))


def console(*, terminal: bool = False, width: int = 100_000) -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    made = Console(
        file=text, force_terminal=terminal, width=width, color_system=None, markup=False, highlight=False, emoji=False
    )
    return made, text
