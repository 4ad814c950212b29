"""Where the answers that are evaluated come from: a method that compares videos, or a file of another program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdup.config import EvaluateJobConfig
from vdup.datasets.base import VideoFile
from vdup.datasets.predictions import read_similarities
from vdup.datasets.segment_csv import read_predictions
from vdup.datasets.segments import ScoredSegment
from vdup.errors import ConfigError
from vdup.matchers.base import Box, PairMatcher
from vdup.protocols.comparisons import Progress, compare
from vdup.protocols.journal import Journal, fingerprint
from vdup.protocols.plan import Comparisons, Excerpt, Plan, all_pairs


@dataclass(frozen=True)
class Workplace:
    """What a protocol works with."""

    config: EvaluateJobConfig
    build_matcher: Callable[[], PairMatcher[Any]]
    """Makes the method that the settings name; called when pairs are compared."""
    progress: Progress | None = None

    @property
    def answers(self) -> str:
        """What gives the answers, for the report."""
        if self.config.predictions is not None:
            return f"file {self.config.predictions}"
        kind = type(self.config.matcher).__name__.removesuffix("MatcherConfig").lower()
        return f"matcher {kind or 'vdup'}"

    def compare(self, plan: Plan) -> Comparisons:
        """Compares the pairs of a plan; what an earlier run did is taken over.

        Raises:
            OutputError: the folder of work cannot be written.
        """
        journal = self.journal(plan)
        return compare(plan, self.build_matcher, journal, kept_videos=self.config.kept_videos, progress=self.progress)

    def journal(self, plan: Plan, *settings: object) -> Journal:
        """Where the results of a plan are kept; settings are those that they depend on besides method and model."""
        config = self.config
        model = (config.sampling, config.backbone, config.pooling, config.whitening, config.refiner)
        name = fingerprint(plan, config.matcher, *model, *settings)
        return Journal(config.work / f"{config.dataset.name}-{name}.jsonl")

    def refuse_predictions(self, why: str) -> None:
        """For protocols that no file can answer.

        Raises:
            ConfigError: one was given.
        """
        if self.config.predictions is not None:
            raise ConfigError(f"predictions={self.config.predictions}: {why}; leave it out")


def present(videos: Sequence[VideoFile]) -> list[Excerpt]:
    """Those that are there, whole."""
    return [Excerpt(video) for video in videos if video.path is not None]


@dataclass(frozen=True)
class Similarities:
    """How alike queries and videos are."""

    by_query: dict[str, dict[str, float]]
    """By id of the query and of the video, in the order of the data set. A query that could not be read has none."""
    available: frozenset[str]
    """Videos that took part."""
    unreadable: dict[str, str]
    """Videos that are there and could not be read."""


def similarities_of(
    place: Workplace,
    queries: Sequence[VideoFile],
    references: Sequence[VideoFile],
    aliases: Mapping[str, str] | None = None,
) -> Similarities:
    """Every query with every reference: from the file of predictions if one is given, else by comparing those present.

    Args:
        place: settings and method.
        queries: of the data set.
        references: of the data set.
        aliases: id by another name that a file may use.

    Raises:
        ConfigError: the file cannot be read or names no query, or no video is there.
    """
    if place.config.predictions is not None:
        return _from_file(place.config.predictions, queries, references, aliases or {})
    asked, searched = present(queries), present(references)
    check_present(place, asked, searched)
    plan = Plan(asked, searched, all_pairs(len(asked), len(searched)))
    return similarity_rows(plan, place.compare(plan))


def similarity_rows(plan: Plan, found: Comparisons) -> Similarities:
    """Results by query, of a plan that compares every query with every reference."""
    names = np.array([excerpt.video.id for excerpt in plan.references], dtype=object)
    rows = found.similarities.reshape(len(plan.queries), len(names))
    by_query = {
        excerpt.video.id: _finite(names, row)
        for excerpt, row in zip(plan.queries, rows, strict=True)
        if excerpt.video.id not in found.unreadable
    }
    return Similarities(by_query, frozenset(names) - found.unreadable.keys(), dict(found.unreadable))


def _from_file(
    path: Path, queries: Sequence[VideoFile], references: Sequence[VideoFile], aliases: Mapping[str, str]
) -> Similarities:
    """Similarities of a file; ids that the data set lacks are left out."""
    known = {reference.id for reference in references}
    given: dict[str, dict[str, float]] = {}
    for query, scores in read_similarities(path).items():
        named = {aliases.get(name, name): value for name, value in scores.items()}
        given[aliases.get(query, query)] = {name: value for name, value in named.items() if name in known}
    by_query = {query.id: given[query.id] for query in queries if query.id in given}
    if not by_query:
        raise ConfigError(f"{path}: none of its queries is a query of the data set, such as {queries[0].id!r}")
    return Similarities(by_query, frozenset(name for scores in by_query.values() for name in scores), {})


def segments_of(plan: Plan, comparisons: Comparisons) -> list[ScoredSegment]:
    """The boxes of all pairs as segments, in the order of the plan."""
    segments = []
    for number in sorted(comparisons.boxes):
        query, reference = (int(row) for row in plan.pairs[number])
        ids = plan.queries[query].video.id, plan.references[reference].video.id
        segments += [_segment(ids, box) for box in comparisons.boxes[number]]
    return segments


def check_offsets(comparisons: Comparisons) -> None:
    """For protocols that measure offsets.

    Raises:
        ConfigError: the method tells none.
    """
    compared = np.isfinite(comparisons.similarities)
    if compared.any() and not np.isfinite(comparisons.offsets_seconds[compared]).any():
        raise ConfigError("this matcher does not tell offsets; take matcher=tmk, cte or vdup")


def read_segment_predictions(path: Path, videos: Sequence[VideoFile]) -> list[ScoredSegment]:
    """Predicted segments of a CSV file, with the ids of the data set.

    Args:
        path: the file. It may name a video by its id, or by its id with the extension of a file behind it, as the
            files of ``python -m vdup.query`` do.
        videos: of the data set.

    Raises:
        ConfigError: the file cannot be read, or a row is wrong; the text names file and line.
    """
    ids = {video.id for video in videos}

    def known(name: str) -> str:
        stem = name.removesuffix(PurePosixPath(name).suffix)
        return stem if name not in ids and stem in ids else name

    return [
        replace(segment, query_id=known(segment.query_id), reference_id=known(segment.reference_id))
        for segment in read_predictions(path)
    ]


def _segment(ids: tuple[str, str], box: Box) -> ScoredSegment:
    return ScoredSegment(
        *ids,
        box.query_start_seconds,
        box.query_end_seconds,
        box.reference_start_seconds,
        box.reference_end_seconds,
        box.score,
    )


def _finite(names: NDArray[np.object_], row: NDArray[np.float64]) -> dict[str, float]:
    there = np.flatnonzero(np.isfinite(row))
    return dict(zip(names[there].tolist(), row[there].tolist(), strict=True))


def check_present(place: Workplace, queries: Sequence[Excerpt], references: Sequence[Excerpt]) -> None:
    """For protocols that compare videos.

    Raises:
        ConfigError: there is no query or no reference.
    """
    if not queries or not references:
        side = "query" if not queries else "reference"
        raise ConfigError(
            f"data.root={place.config.data.root}: no {side} of the data set is there, neither a video nor a file of "
            "features; docs/evaluating.md says where they are looked for"
        )
