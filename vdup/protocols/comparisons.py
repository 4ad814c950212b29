"""Compares many pairs of videos with one method: each video read as seldom as memory allows, resumable.

The videos of one side are taken in blocks that fit into memory; those of the other side pass by each block one at a
time. So a video of the first side is prepared once, and one of the other once for each block.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Generic

import numpy as np
from numpy.typing import NDArray

from vdup.errors import VideoError
from vdup.matchers.base import PairMatcher, Prepared
from vdup.protocols.journal import Journal
from vdup.protocols.plan import Comparisons, Excerpt, Plan

Progress = Callable[[str, int, int, str | None], None]
"""Called with the id of a video, pairs done, pairs in all, and why the video could not be read, if so."""


def compare(
    plan: Plan,
    build_matcher: Callable[[], PairMatcher[Prepared]],
    journal: Journal,
    *,
    kept_videos: int,
    progress: Progress | None = None,
) -> Comparisons:
    """Compares all pairs of a plan that the journal does not hold yet.

    Args:
        plan: the pairs; all their videos are there.
        build_matcher: called when there is something left to compare.
        journal: keeps what is done.
        kept_videos: most prepared videos in memory, 1 or more, besides the one that passes by.
        progress: called after each video that passed by.

    Raises:
        OutputError: the journal cannot be written.
    """
    results = Comparisons.empty(len(plan.pairs))
    steps = _steps(plan.pairs, kept_videos)
    done = journal.read(results, len(steps))
    with journal:
        if len(done) == len(steps):
            return results
        walk = _Walk(build_matcher(), plan, results, kept_videos)
        count = sum(len(step.pairs) for step in steps if step.number in done)
        for step in steps:
            if step.number in done:
                continue
            failure = walk.take(step)
            journal.write(step.number, step.pairs, results)
            count += len(step.pairs)
            if progress is not None:
                progress(step.name(plan), count, len(plan.pairs), failure)
    return results


@dataclass(frozen=True)
class _Step:
    """One video that passes by a block of the other side."""

    number: int
    passing_column: int
    """0: the queries pass by, 1: the references."""
    passing: int
    block: int
    pairs: NDArray[np.int64]

    def name(self, plan: Plan) -> str:
        return (plan.references if self.passing_column else plan.queries)[self.passing].video.id


class _Walk(Generic[Prepared]):
    """Goes through the steps with the prepared videos of the present block."""

    def __init__(self, matcher: PairMatcher[Prepared], plan: Plan, results: Comparisons, kept_videos: int) -> None:
        self._matcher = matcher
        self._plan = plan
        self._results = results
        self._kept_videos = kept_videos
        self._block = -1
        self._kept: dict[int, Prepared | None] = {}

    def take(self, step: _Step) -> str | None:
        """Compares the pairs of a step; returns why its video could not be read, if so."""
        if step.block != self._block:
            self._block = step.block
            self._kept = {}
        sides = (self._plan.queries, self._plan.references)
        passing = self._prepare(sides[step.passing_column][step.passing])
        if passing is None:
            return self._results.unreadable[step.name(self._plan)]
        compared: dict[int, Prepared] = {}
        for pair in step.pairs.tolist():
            row = int(self._plan.pairs[pair, 1 - step.passing_column])
            if row not in self._kept:
                self._kept[row] = self._prepare(sides[1 - step.passing_column][row])
            kept = self._kept[row]
            if kept is not None:
                compared[pair] = kept
        if compared:
            one, many = [passing], list(compared.values())
            queries, references = (one, many) if step.passing_column == 0 else (many, one)
            found = self._matcher.compare_many(queries, references, inside=self._plan.inside)
            for pair, comparison in zip(compared, found, strict=True):
                self._results.put(pair, comparison)
        return None

    def _prepare(self, excerpt: Excerpt) -> Prepared | None:
        try:
            return self._matcher.prepare(excerpt.video, excerpt.span_seconds)
        except VideoError as error:
            self._results.unreadable[excerpt.video.id] = error.reason
            return None


def _steps(pairs: NDArray[np.int64], kept_videos: int) -> list[_Step]:
    """The order of work: block by block of the side with fewer videos, the other side passing by."""
    return list(_walk_order(pairs, kept_videos)) if len(pairs) else []


def _walk_order(pairs: NDArray[np.int64], kept_videos: int) -> Iterator[_Step]:
    passing_column = 1 if len(np.unique(pairs[:, 0])) <= len(np.unique(pairs[:, 1])) else 0
    passing = pairs[:, passing_column]
    kept = np.unique(pairs[:, 1 - passing_column], return_inverse=True)[1]
    block = kept // kept_videos
    order = np.lexsort((kept, passing, block))
    changes = np.flatnonzero(np.diff(block[order]) | np.diff(passing[order])) + 1
    for number, members in enumerate(np.split(order, changes)):
        yield _Step(number, passing_column, int(passing[members[0]]), int(block[members[0]]), members)
