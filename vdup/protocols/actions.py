"""UCF101, HMDB51 and JHMDB: clips of one class found by short codes."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from vdup.config import ActionsDatasetConfig
from vdup.datasets.actions import ActionSet
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError, VideoError
from vdup.evaluation.hamming_ranking import Ties, hamming_average_precisions
from vdup.features.backbone import resolve_device
from vdup.hashing.hasher import VideoHasher
from vdup.protocols.answers import Workplace
from vdup.protocols.outcome import Breakdown, Measure, Outcome, counted
from vdup.protocols.published import ACTION_HASHING
from vdup.types import CodeArray

_MEASURE = {Ties.expectation: "mAP (ties: expectation)", Ties.database_order: "mAP (ties: order of the list)"}


def evaluate_actions(dataset: ActionSet, place: Workplace) -> Outcome:
    """Ranks the training clips for every test clip by the Hamming distance of their codes.

    Raises:
        ConfigError: no network is named, or no test or no training clip could be read.
        WeightsError: the network's file cannot be used.
    """
    settings = place.config.dataset
    if not isinstance(settings, ActionsDatasetConfig):
        raise TypeError(f"settings of an action set expected, got {type(settings).__name__}")
    place.refuse_predictions("codes are made by a network")
    if settings.weights is None:
        raise ConfigError(
            "the setting dataset.weights is missing; give a network as dataset.weights=FILE, made by "
            "`python -m vdup.train +experiment=c3d_hash`"
        )
    device = resolve_device(place.config.backbone.device)
    hasher = VideoHasher.open(settings.weights, place.config.sampling, device)
    codes, unreadable = _codes(hasher, (*dataset.queries, *dataset.references), place)
    queries = [video.id for video in dataset.queries if video.id in codes]
    references = [video.id for video in dataset.references if video.id in codes]
    if not queries or not references:
        side = "training" if queries else "test"
        raise ConfigError(f"data.root={place.config.data.root}: no {side} clip of {dataset.name} could be read")
    labels = {clip: number for clip, number in dataset.class_of.items() if clip in codes}
    scores = {
        ties: hamming_average_precisions(
            np.stack([codes[clip] for clip in queries]),
            np.stack([codes[clip] for clip in references]),
            np.array([labels[clip] for clip in queries], dtype=np.int64),
            np.array([labels[clip] for clip in references], dtype=np.int64),
            ties,
        )
        for ties in Ties
    }
    by_class: defaultdict[int, list[float]] = defaultdict(list)
    for clip, value in zip(queries, scores[Ties.expectation].tolist(), strict=True):
        by_class[labels[clip]].append(value)
    return Outcome(
        dataset=dataset.name,
        protocol=f"hashing of actions, {hasher.shape.bits} bits, {hasher.shape.frames} frames",
        definition=(
            "Test clips are queries, training clips the database; the whole database is ranked by Hamming distance; "
            "mean over the queries of the average precision of the clips of their class."
        ),
        answers=f"network {settings.weights}",
        queries=counted(dataset.queries, codes.keys()),
        references=counted(dataset.references, codes.keys()),
        measures=tuple(Measure(_MEASURE[ties], float(values.mean())) for ties, values in scores.items()),
        breakdowns=(
            Breakdown(
                "by class",
                ("class", "queries", _MEASURE[Ties.expectation]),
                tuple(
                    (dataset.class_names.get(number, str(number)), str(len(values)), f"{np.mean(values):.4f}")
                    for number, values in sorted(by_class.items())
                ),
                on_screen=len(by_class) <= 20,
            ),
        ),
        published=ACTION_HASHING.get(settings.name, ()),
        notes=("Codes of few bits are mostly tied: figures without a stated rule for ties may differ by points.",),
        skipped=dataset.skipped,
        unreadable=unreadable,
    )


def _codes(
    hasher: VideoHasher, videos: Sequence[VideoFile], place: Workplace
) -> tuple[Mapping[str, CodeArray], Mapping[str, str]]:
    """Code of every clip that could be read, and why the others could not, by id."""
    there: list[tuple[str, Path]] = [(video.id, video.path) for video in videos if video.path is not None]
    codes: dict[str, CodeArray] = {}
    unreadable: dict[str, str] = {}
    hashed = hasher.hash_videos([path for _, path in there])
    for done, ((clip, _), (_, code)) in enumerate(zip(there, hashed, strict=True), start=1):
        if isinstance(code, VideoError):
            unreadable[clip] = code.reason
        else:
            codes[clip] = code
        if place.progress is not None:
            place.progress(clip, done, len(there), unreadable.get(clip))
    return codes, unreadable
