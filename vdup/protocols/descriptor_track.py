"""VSC2022's descriptor track: published descriptor files, with or without score normalisation."""

from functools import partial
from pathlib import Path

from vdup.config import VSC2022DatasetConfig
from vdup.datasets.search_folder import SearchSet
from vdup.datasets.segments import pair_of
from vdup.errors import ConfigError
from vdup.evaluation.descriptor_track import (
    VECTOR_PAIRS_PER_QUERY,
    VIDEO_PAIRS_PER_QUERY,
    DescriptorSet,
    candidate_pairs,
)
from vdup.evaluation.labelled_scores import LabelledScore, precision_recall
from vdup.evaluation.pairs import micro_average_precision
from vdup.evaluation.score_normalization import normalize_scores
from vdup.feature_files.vsc_descriptors import VideoDescriptors, read_vsc_descriptors
from vdup.protocols.answers import Workplace
from vdup.protocols.outcome import Measure, Outcome, counted
from vdup.protocols.published import VSC2022_DESCRIPTORS
from vdup.report.plots import plot_precision_recall, plot_score_histogram


def evaluate_descriptors(dataset: SearchSet, place: Workplace) -> Outcome:
    """Measures the descriptor files that the settings name.

    Raises:
        ConfigError: the files do not fit one another, or a file of predictions was given too.
        FeatureFileError: a file cannot be read.
    """
    settings = place.config.dataset
    if not isinstance(settings, VSC2022DatasetConfig):
        raise TypeError(f"settings of VSC2022 expected, got {type(settings).__name__}")
    if settings.query_descriptors is None or settings.reference_descriptors is None:
        raise ConfigError("the descriptor track needs dataset.query_descriptors and dataset.reference_descriptors")
    place.refuse_predictions("descriptor files were given as well")
    queries = read_vsc_descriptors(settings.query_descriptors)
    references = read_vsc_descriptors(settings.reference_descriptors)
    asked, searched = _sets(queries, references, settings)
    true = {pair_of(segment) for segment in dataset.segments}
    pairs = candidate_pairs(asked, searched)
    scores = {(pair.query_id, pair.reference_id): pair.score for pair in pairs}
    items = [LabelledScore(score, pair in true) for pair, score in scores.items()]
    found = sum(item.positive for item in items)
    curve = precision_recall(items)
    share = found / len(true) if true else 0.0
    described = set(asked.video_ids), set(searched.video_ids)
    files = f"descriptors {settings.query_descriptors} and {settings.reference_descriptors}"
    return Outcome(
        dataset=dataset.name,
        protocol="descriptor track (VSC2022)",
        definition=(
            f"The nearest {VECTOR_PAIRS_PER_QUERY} vector pairs for each query are taken over the whole set, a pair of "
            f"videos scores the highest of its own, the best {VIDEO_PAIRS_PER_QUERY} for each query are kept; micro-AP "
            "over all true pairs."
        ),
        answers=files + (f", normalised against {settings.noise_descriptors}" if settings.noise_descriptors else ""),
        queries=counted(dataset.queries, described[0]),
        references=counted(dataset.references, described[1]),
        measures=(
            Measure("descriptor micro-AP", micro_average_precision(true, scores)),
            Measure("true pairs", len(true)),
            Measure("true pairs kept", found),
            Measure("video pairs kept", len(pairs)),
            Measure("dimensions", asked.features.shape[1]),
        ),
        published=VSC2022_DESCRIPTORS,
        notes=_notes(settings, asked),
        skipped=dataset.skipped,
        plots={
            "precision_recall": partial(
                plot_precision_recall, curves={"pairs": (curve.recalls * share, curve.precisions)}
            ),
            "scores": partial(
                plot_score_histogram,
                copies=[item.score for item in items if item.positive],
                others=[item.score for item in items if not item.positive],
            ),
        },
    )


def _sets(
    queries: VideoDescriptors, references: VideoDescriptors, settings: VSC2022DatasetConfig
) -> tuple[DescriptorSet, DescriptorSet]:
    """Vectors of queries and references, normalised where the settings say so."""
    asked, searched = queries.features, references.features
    _check_width(settings.reference_descriptors, searched.shape[1], asked.shape[1])
    if settings.noise_descriptors is not None:
        noise = read_vsc_descriptors(settings.noise_descriptors)
        _check_width(settings.noise_descriptors, noise.features.shape[1], asked.shape[1])
        common = set(noise.video_ids.tolist()) & set(references.video_ids.tolist())
        if common:
            raise ConfigError(
                f"{settings.noise_descriptors}: {min(common)} is a reference as well; the noise set must be independent"
            )
        if len(noise.features) < settings.noise_neighbours:
            raise ConfigError(
                f"{settings.noise_descriptors}: {len(noise.features)} vectors are fewer than dataset.noise_neighbours="
                f"{settings.noise_neighbours}"
            )
        asked, searched = normalize_scores(
            asked, searched, noise.features, beta=settings.beta, neighbours=settings.noise_neighbours
        )
    return DescriptorSet(queries.video_ids.tolist(), asked), DescriptorSet(references.video_ids.tolist(), searched)


def _check_width(path: Path | None, width: int, expected: int) -> None:
    if width != expected:
        raise ConfigError(f"{path}: vectors of {width} dimensions, those of the queries have {expected}")


def _notes(settings: VSC2022DatasetConfig, asked: DescriptorSet) -> tuple[str, ...]:
    notes = [f"The budgets are for the {len(set(asked.video_ids))} queries that have a vector."]
    if settings.noise_descriptors is not None:
        notes.append(f"Scores are normalised with beta = {settings.beta:g}, {settings.noise_neighbours} nearest.")
    return tuple(notes)
