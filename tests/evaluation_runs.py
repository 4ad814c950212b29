"""Evaluates miniature data sets with ``vdup.evaluate``, by a method that answers from a table."""

import io
import json
from collections.abc import Callable, Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from miniature_datasets import WRITERS
from stub_matcher import NOTHING, StubMatcher

from vdup.config import DatasetConfig, DataSourceConfig, EvaluateJobConfig, MatcherConfig, TMKMatcherConfig
from vdup.evaluate import evaluate
from vdup.matchers.base import Comparison


@dataclass(frozen=True)
class EvaluationRun:
    code: int
    out: str
    document: dict[str, Any]
    """The JSON file."""

    @property
    def measures(self) -> dict[str, float]:
        found: dict[str, float] = self.document["measures"]
        return found

    def presence(self, side: str) -> tuple[int, int]:
        return self.document[side]["present"], self.document[side]["missing"]


def run(
    folder: Path,
    dataset: DatasetConfig,
    matcher: StubMatcher | None = None,
    *,
    write: Callable[[Path], None] | None = None,
    **settings: Any,
) -> EvaluationRun:
    """Writes the data set into ``folder/data`` and evaluates it in ``folder``; ``matcher`` stands in for TMK."""
    if not (folder / "data").exists():
        (write or WRITERS[dataset.name])(folder / "data")
    output = folder / "o.json"
    config = EvaluateJobConfig(
        dataset=dataset,
        data=DataSourceConfig(root=folder / "data"),
        output=output,
        work=folder / "work",
        matcher=MatcherConfig() if matcher is None else TMKMatcherConfig(),
        **settings,
    )
    out = io.StringIO()
    with pytest.MonkeyPatch.context() as patch, redirect_stdout(out), redirect_stderr(io.StringIO()):
        patch.setattr("vdup.matchers.build.build_matcher", lambda *_: _given(matcher))
        code = evaluate(config)
    return EvaluationRun(code, out.getvalue(), json.loads(output.read_text()))


def _given(matcher: StubMatcher | None) -> StubMatcher:
    assert matcher is not None, "no matcher was expected to run"
    return matcher


def answers(table: Mapping[tuple[str, str], Comparison], otherwise: Comparison = NOTHING) -> StubMatcher:
    return StubMatcher(table, otherwise)


def alike(scores: Mapping[str, Mapping[str, float]]) -> StubMatcher:
    """Similarities alone, as ViSiL tells them."""
    return StubMatcher({(q, r): Comparison(value) for q, of_query in scores.items() for r, value in of_query.items()})
