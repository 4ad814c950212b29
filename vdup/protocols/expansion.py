"""Query expansion with descriptors of the Temporal Match Kernel."""

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.config import EVVEDatasetConfig, QueryExpansionChoice
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError, VideoError
from vdup.evaluation.query_expansion import Averaging, Expansion, ExpansionRule, expanded_scores
from vdup.matchers.alignment import Span
from vdup.matchers.kernel_matcher import KERNEL_FPS, KernelDescriptor, KernelMatcher
from vdup.protocols.answers import Similarities, Workplace, check_present, present, similarity_rows
from vdup.protocols.plan import Comparisons, Excerpt, Plan, all_pairs


class KernelSpace:
    """Descriptors of a kernel, with sums of several; see :class:`~vdup.evaluation.query_expansion.DescriptorSpace`."""

    def __init__(self, matcher: KernelMatcher) -> None:
        """Takes the kernel of a matcher."""
        self._matcher = matcher

    def compare(
        self, query: KernelDescriptor, references: Sequence[KernelDescriptor]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Best score and its offset in seconds, over all offsets by which the spans overlap."""
        found = self._matcher.compare_many([query], references)
        offsets = [comparison.offset_seconds or 0.0 for comparison in found]
        return np.array([comparison.similarity for comparison in found]), np.array(offsets, dtype=np.float64)

    def shift(self, descriptor: KernelDescriptor, offset: float) -> KernelDescriptor:
        """The descriptor with ``offset`` seconds taken off all times: its clock starts with its span, which moves."""
        span = descriptor.span
        return replace(descriptor, span=Span(span.start_seconds - offset, span.end_seconds - offset))

    def weighted_sum(self, descriptors: Sequence[KernelDescriptor], weights: Sequence[float]) -> KernelDescriptor:
        """The sum, with the clock of the earliest span and the span of all."""
        start = min(descriptor.span.start_seconds for descriptor in descriptors)
        end = max(descriptor.span.end_seconds for descriptor in descriptors)
        total = torch.zeros_like(descriptors[0].values)
        for descriptor, weight in zip(descriptors, weights, strict=True):
            later = (descriptor.span.start_seconds - start) * KERNEL_FPS
            total += weight * self._matcher.kernel.shift_fv(descriptor.values, later)
        return KernelDescriptor(total, Span(start, end))


def expansion_rule(settings: EVVEDatasetConfig) -> ExpansionRule:
    """The rule that the settings describe; ``expansion`` must not be none."""
    return ExpansionRule(
        expansion=Expansion.don if settings.expansion is QueryExpansionChoice.don else Expansion.aqe,
        nearest=settings.nearest,
        neighbourhood=settings.neighbourhood,
        temporal_consistency=settings.temporal_consistency,
        averaging=Averaging.fixed if settings.as_published else Averaging.taken,
        moved_neighbourhood=settings.moved_neighbourhood,
    )


def expanded_similarities(
    queries: Sequence[VideoFile], references: Sequence[VideoFile], settings: EVVEDatasetConfig, place: Workplace
) -> Similarities:
    """Similarities of every expanded query to the database; a query that is done is kept for a later run.

    The descriptors of the whole database are in memory at once.

    Raises:
        ConfigError: no video is there, or the matcher is no temporal match kernel.
        OutputError: the folder of work cannot be written.
    """
    asked, searched = present(queries), present(references)
    check_present(place, asked, searched)
    plan = Plan(asked, searched, all_pairs(len(asked), len(searched)))
    results = Comparisons.empty(len(plan.pairs))
    journal = place.journal(plan, settings)
    done = journal.read(results, len(asked))
    with journal:
        if len(done) < len(asked):
            matcher = place.build_matcher()
            if not isinstance(matcher, KernelMatcher):
                raise ConfigError(f"dataset.expansion={settings.expansion.name} needs matcher=tmk")
            database = _prepared(matcher, searched, results)
            for row, query in enumerate(asked):
                if row not in done:
                    pairs = np.arange(row * len(searched), (row + 1) * len(searched))
                    _expand(matcher, query, pairs, database, expansion_rule(settings), results)
                    journal.write(row, pairs, results)
                if place.progress is not None:
                    failure = results.unreadable.get(query.video.id)
                    place.progress(query.video.id, (row + 1) * len(searched), len(plan.pairs), failure)
    return similarity_rows(plan, results)


def _prepared(matcher: KernelMatcher, excerpts: Sequence[Excerpt], results: Comparisons) -> dict[int, KernelDescriptor]:
    """Descriptors by row; those that cannot be read are left out and noted."""
    prepared = {}
    for row, excerpt in enumerate(excerpts):
        try:
            prepared[row] = matcher.prepare(excerpt.video)
        except VideoError as error:
            results.unreadable[excerpt.video.id] = error.reason
    return prepared


def _expand(
    matcher: KernelMatcher,
    query: Excerpt,
    pairs: NDArray[np.int64],
    database: dict[int, KernelDescriptor],
    rule: ExpansionRule,
    results: Comparisons,
) -> None:
    """Fills in the similarities of one query, whose pairs stand in the order of the database."""
    try:
        descriptor = matcher.prepare(query.video)
    except VideoError as error:
        results.unreadable[query.video.id] = error.reason
        return
    if not database:
        return
    scores = expanded_scores(KernelSpace(matcher), descriptor, list(database.values()), rule)
    results.similarities[pairs[list(database)]] = scores
