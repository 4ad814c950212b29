"""Every query with every video of a database, as ``python -m vdup.similarity`` compares them."""

import math
import shutil
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from vdup.config import MatcherConfig, SimilarityJobConfig
from vdup.datasets.base import VideoFile
from vdup.matchers.base import PairMatcher
from vdup.matchers.build import build_matcher
from vdup.matchers.library_similarity import search_similarities
from vdup.protocols.comparisons import Progress, compare
from vdup.protocols.journal import Journal, fingerprint
from vdup.protocols.plan import Excerpt, Plan, all_pairs

_KEPT_VIDEOS = 16
"""Videos kept in memory where not all are."""


@dataclass(frozen=True)
class SimilarityTable:
    """How alike queries and videos are."""

    by_query: dict[str, dict[str, float]]
    """By id of the query and of the video, in the order of the lists; those that could not be read are left out."""
    unreadable: dict[str, str]
    """Why, by id."""


def work_folder(output: Path) -> Path:
    """Where a run keeps what it goes on with when it was cut off: beside the output."""
    return output.with_name(output.name + ".work")


def unit_of_work(config: SimilarityJobConfig) -> str:
    """What :func:`compare_all` counts."""
    return "videos" if isinstance(config.matcher, MatcherConfig) else "pairs"


def compare_all(
    config: SimilarityJobConfig,
    queries: Sequence[VideoFile],
    database: Sequence[VideoFile],
    progress: Progress | None = None,
) -> SimilarityTable:
    """Compares every query with every video of a database; what an earlier run did is taken over.

    Args:
        config: settings of the job.
        queries: one or more.
        database: one or more.
        progress: called while it goes on, with a name, things done, things in all, and why it failed, if so.

    Raises:
        ConfigError: settings do not fit.
        WeightsError: the weights of the method cannot be used.
        OutputError: the folder of work cannot be written.
    """
    plan = Plan(
        [Excerpt(video) for video in queries],
        [Excerpt(video) for video in database],
        all_pairs(len(queries), len(database)),
    )
    kept_videos = len(queries) + len(database) if config.load_queries else _KEPT_VIDEOS
    model = (config.sampling, config.backbone, config.pooling, config.whitening, config.refiner)
    # The steps of the work, which the journal counts, depend on how many videos are kept.
    name = fingerprint(plan, config.matcher, *model, kept_videos)
    work = work_folder(config.output)
    if isinstance(config.matcher, MatcherConfig):
        answers = search_similarities(config.matcher, config, work / f"library-{name}", queries, database, progress)
        return SimilarityTable(answers.by_query, answers.unreadable)

    def build() -> PairMatcher[Any]:
        return build_matcher(config.matcher, config, config.cache or work / "features")

    found = compare(plan, build, Journal(work / f"{name}.jsonl"), kept_videos=kept_videos, progress=progress)
    rows = found.similarities.reshape(len(queries), len(database)).tolist()
    by_query = {
        query.id: {video.id: value for video, value in zip(database, row, strict=True) if not math.isnan(value)}
        for query, row in zip(queries, rows, strict=True)
    }
    return SimilarityTable({name: row for name, row in by_query.items() if row}, dict(found.unreadable))


def forget_work(config: SimilarityJobConfig) -> None:
    """Removes what a run that has finished kept; the folder of ``cache`` stays."""
    shutil.rmtree(work_folder(config.output), ignore_errors=True)
