"""Madonna and Climbing: localisation error."""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from vdup.datasets.recordings import RecordedEvent
from vdup.errors import ConfigError
from vdup.evaluation.localization import BOUNDS_SECONDS, Alignment, Localization, localize, shares_below
from vdup.protocols.answers import Workplace, check_offsets
from vdup.protocols.outcome import Measure, Outcome, counted
from vdup.protocols.plan import Comparisons, Excerpt, Plan
from vdup.protocols.published import CLIMBING, MADONNA
from vdup.report.plots import plot_error_over_offset, plot_score_histogram


def evaluate_recordings(dataset: RecordedEvent, place: Workplace) -> Outcome:
    """Compares every two recordings and measures the error of each one's best partner.

    Raises:
        ConfigError: a file of predictions was given, the method does not align, or fewer than two recordings are there.
    """
    place.refuse_predictions("no form of file is published for offsets")
    there = [recording for recording in dataset.recordings if recording.video.path is not None]
    if len(there) < 2:
        raise ConfigError(f"data.root={place.config.data.root}: {len(there)} of the recordings are there, 2 are needed")
    excerpts = [Excerpt(each.video, (each.start_seconds, each.end_seconds)) for each in there]
    # Each two are compared once, the earlier of the list as the query, as in the published evaluation.
    pairs = np.stack(np.triu_indices(len(there), k=1), axis=1).astype(np.int64)
    found = place.compare(Plan(excerpts, excerpts, pairs))
    alignments = _alignments([each.video.id for each in there], pairs, found)
    recordings = {each.video.id: each for each in there}
    localized = [localize(query, others, recordings) for query, others in alignments.items()]
    shares = shares_below([each.error_seconds for each in localized])
    with_truth = [each for each in localized if np.isfinite(each.error_seconds)]
    return Outcome(
        dataset=dataset.name,
        protocol="localisation error (LAMV)",
        definition=(
            "Share of the videos whose best-scoring other video is aligned with an error below a bound; the error is "
            "infinite when the two share no moment."
        ),
        answers=place.answers,
        queries=counted(dataset.queries, alignments.keys()),
        references=counted(dataset.references, alignments.keys()),
        measures=tuple(Measure(f"error < {bound:g} s", shares[bound]) for bound in BOUNDS_SECONDS),
        published=MADONNA if dataset.name == "Madonna" else CLIMBING,
        notes=("The published evaluation takes whole frames at 15 a second; errors below 1/30 s are chance.",),
        skipped=dataset.skipped,
        unreadable=found.unreadable,
        plots={
            "error_over_offset": partial(
                plot_error_over_offset,
                offsets=[
                    recordings[each.query_id].offset_seconds(recordings[each.reference_id]) for each in with_truth
                ],
                errors=[each.error_seconds for each in with_truth],
            ),
            "scores": partial(
                plot_score_histogram,
                copies=_similarities(localized, right=True),
                others=_similarities(localized, right=False),
            ),
        },
    )


def _alignments(ids: Sequence[str], pairs: NDArray[np.int64], found: Comparisons) -> dict[str, list[Alignment]]:
    """The alignments of each recording with all others, in the order of the data set; unreadable ones are left out."""
    check_offsets(found)
    by_row: dict[int, dict[int, Alignment]] = {row: {} for row in range(len(ids))}
    for number in np.flatnonzero(np.isfinite(found.similarities)).tolist():
        first, second = (int(row) for row in pairs[number])
        columns = found.similarities, found.offsets_seconds, found.speeds
        similarity, offset, speed = (float(column[number]) for column in columns)
        # A pair in which nothing was found has no offset; should it be the best all the same, its error is infinite.
        offset = offset if math.isfinite(offset) else math.inf
        by_row[first][second] = Alignment(ids[second], similarity, offset)
        by_row[second][first] = Alignment(ids[first], similarity, -offset / speed)
    return {ids[row]: [others[other] for other in sorted(others)] for row, others in by_row.items() if others}


def _similarities(localized: list[Localization], *, right: bool) -> list[float]:
    """Similarities of the best partners that share a moment with the video, or of those that do not."""
    return [each.similarity for each in localized if np.isfinite(each.error_seconds) == right]
