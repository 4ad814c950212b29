"""What distances and scores mean for the codes of a model, learned on copies that are generated here.

The real matcher runs on a generated problem (photographs and clips in motion, edited, see :mod:`.problem`). Pairs of
frames that show the same moment and pairs that do not give the evidence model; segments that the matcher finds, right
and wrong, give the score model; how many wrong ones still come up gives the model of false segments.
"""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, fields, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from vdup.align.calibration import (
    VERIFICATION_INPUTS,
    Calibration,
    Evidence,
    ScoreModel,
    VerificationModel,
    save_calibration,
    score_inputs,
)
from vdup.align.matcher import ScoredSegment
from vdup.align.track import ReferenceTrack
from vdup.align.verification import verification_inputs
from vdup.codes.hamming import hamming_distances
from vdup.config import LibraryConfig, MatcherConfig, ModelConfig
from vdup.datasets.segment_csv import read_ground_truth
from vdup.datasets.segments import Segment
from vdup.errors import ConfigError, VideoError
from vdup.pipeline.encoder import Encoder
from vdup.pipeline.library import Library
from vdup.pipeline.query_codes import QueryCodes, encode_queries
from vdup.pipeline.searcher import find_segments
from vdup.types import CODE_BITS, BoolArray, CodeArray
from vdup.video.discover import find_videos

from ..config.experiments import CalibrationExperiment, TrainJobConfig
from ..material.drawings import draw_picture
from ..material.image_files import list_images, load_image
from ..material.problem import make_problem
from ..material.problem_files import EditedQuery, read_edited
from .false_segments import fit_to_problem, is_right
from .logistic import fit_logistic

logger = logging.getLogger(__name__)

_LOWEST_EVIDENCE, _KNEE, _GROWTH = -1.5, 4.0, 0.1
"""Neighbouring frames are not independent: no single one may decide, or end a stream. The growth was chosen on a
generated problem: without it the line with frames at 171 bits beats the true one at 138."""

_SOFT_EVERY = 4
"""Of the background photographs, every so many is shown without detail."""

_DRAWN_EVERY = 4
"""Of the background pictures, every so many is a drawing in place of the photograph."""

_STRANGERS = 10
"""References without a copy that each query is compared with."""

_LEAST_SEEN = 0.5
"""A way of seeing a query must show more than this share of a copy's frames to be learned from."""

_SHARE_WITHOUT_COPIES = 0.2

_RIDGE = 0.01
"""For the model of verification, which is fitted on some hundred segments."""

Progress = Callable[[int, int], None]
Matrix = NDArray[np.float64]


@dataclass(frozen=True)
class _Material:
    """A generated problem whose references are indexed and whose queries are encoded."""

    library: Library
    queries: dict[str, QueryCodes]
    truth: list[Segment]
    edited: list[EditedQuery]


def train_calibration(config: TrainJobConfig, progress: Progress | None = None) -> None:
    """Calibrates the codes of a model and writes the file to ``config.output``.

    Raises:
        ConfigError: no photographs were given, too few for the problem, or a problem that gives nothing to learn from.
        WeightsError: weights of the model cannot be used.
    """
    experiment = config.experiment
    if not isinstance(experiment, CalibrationExperiment) or config.data.images is None:
        raise ConfigError("a calibration is made from photographs; give a folder as data.images=DIR")
    photographs = list_images(Path(config.data.images), config.data.limit)
    shuffled = [photographs[row] for row in np.random.default_rng(config.seed).permutation(len(photographs))]
    # Without a problem at hand the other half is what one is generated from.
    needed = experiment.background if experiment.problem else 2 * experiment.background
    if len(shuffled) < needed:
        raise ConfigError(
            f"data.images={config.data.images} has {len(shuffled)} photographs, at least {needed} are needed; lower "
            f"experiment.background={experiment.background}"
        )
    with TemporaryDirectory() as temporary:
        try:
            calibration = _calibrate(config, experiment, shuffled, Path(temporary), progress)
        except ValueError as error:
            raise ConfigError(f"no calibration can be made from data.images={config.data.images}: {error}") from error
    config.output.parent.mkdir(parents=True, exist_ok=True)
    save_calibration(config.output, calibration)


def _calibrate(
    config: TrainJobConfig,
    experiment: CalibrationExperiment,
    photographs: list[Path],
    temporary: Path,
    progress: Progress | None,
) -> Calibration:
    background, rest = photographs[: experiment.background], photographs[experiment.background :]
    problem = experiment.problem
    if problem is None:
        problem = temporary / "problem"
        without_copies = max(1, round(_SHARE_WITHOUT_COPIES * experiment.queries))
        videos = [path for _, path in find_videos(config.data.videos)] if config.data.videos is not None else []
        make_problem(problem, rest, config.seed, experiment.references, experiment.queries, without_copies, videos)
    with _encoded(config, problem, background, temporary, progress) as (material, calibration):
        calibration = replace(calibration, evidence=_fit_evidence(material, config.seed))
        calibration = _fit_scores(material, calibration)
        false_alarms = fit_to_problem(material.library, material.queries, material.truth, material.edited, calibration)
        return replace(calibration, false_alarms=false_alarms)


@contextmanager
def _encoded(
    config: TrainJobConfig, problem: Path, background: list[Path], temporary: Path, progress: Progress | None
) -> Iterator[tuple[_Material, Calibration]]:
    model = {field.name: getattr(config, field.name) for field in fields(ModelConfig)}
    queries = find_videos(problem / "queries")
    with Library.open(LibraryConfig(**model, library=temporary / "library"), create=True) as library:
        library.index_all(find_videos(problem / "refs"))
        calibration = Calibration(
            background_codes=background_codes(
                library.encoder, background, config.backbone.image_side_pixels, config.seed
            ),
            evidence=Evidence(0.0, 0.0, 0.0, _LOWEST_EVIDENCE, _KNEE, _GROWTH),
            score=ScoreModel(0.0, 0.0, 0.0, 0.0),
            codes=library.encoder.codes_digest,
        )
        encoded: dict[str, QueryCodes] = {}
        for done, (query_id, query) in enumerate(
            encode_queries(library, queries, calibration, mirror=True, panels=True), start=1
        ):
            if isinstance(query, VideoError):
                logger.warning("skipped %s: %s", query_id, query)
            else:
                encoded[Path(query_id).stem] = query
            if progress is not None:
                progress(done, len(queries))
        truth, edited = read_ground_truth(problem / "gt.csv"), read_edited(problem / "edits.csv")
        yield _Material(library, encoded, truth, edited), calibration


def background_codes(encoder: Encoder, paths: list[Path], side_pixels: int, seed: int) -> CodeArray:
    """Codes of photographs, some without detail, and of drawn pictures.

    Out-of-focus, dark and empty frames of all videos resemble one another far more than photographs do, and so do
    drawings in flat colours. With their like among the background, such a frame counts for little.
    """
    rng = np.random.default_rng(seed)
    pictures = [load_image(path, side_pixels) for path in paths]
    for row in range(0, len(pictures), _SOFT_EVERY):
        pictures[row] = _without_detail(pictures[row], rng)
    for row in range(1, len(pictures), _DRAWN_EVERY):
        pictures[row] = draw_picture(side_pixels, rng)
    return np.concatenate([encoder.encode(np.stack(pictures[row : row + 64])) for row in range(0, len(pictures), 64)])


def _without_detail(picture: NDArray[np.uint8], rng: np.random.Generator) -> NDArray[np.uint8]:
    """A picture strongly blurred, and darker or paler."""
    radius = rng.uniform(0.02, 0.15) * picture.shape[0]
    soft = np.asarray(Image.fromarray(picture).filter(ImageFilter.GaussianBlur(radius)), dtype=np.float64)
    contrast, level = rng.uniform(0.15, 1.0), rng.uniform(0.2, 1.2)
    changed = soft.mean() * level + contrast * (soft - soft.mean())
    clipped: NDArray[np.uint8] = np.clip(changed, 0, 255).astype(np.uint8)
    return clipped


def _fit_evidence(material: _Material, seed: int) -> Evidence:
    """Logistic regression on frame pairs, both kinds weighing the same: its log-odds are the log-likelihood ratio."""
    rng = np.random.default_rng(seed)
    same = [_same_moment(material, segment) for segment in material.truth if segment.query_id in material.queries]
    other = [_strangers(material, query_id, rng) for query_id in material.queries]
    none = np.empty((0, 2))
    pairs = [np.concatenate([none, *same]), np.concatenate([none, *other])]
    _require_both("evidence", "frame pairs", len(pairs[0]), len(pairs[1]))
    labels = np.repeat([True, False], [len(part) for part in pairs])
    bias, distance, background = fit_logistic(np.concatenate(pairs) / CODE_BITS, labels, _equal_weights(labels))
    logger.info("evidence: bias %.3f, distance %.3f, background %.3f", bias, distance, background)
    return Evidence(float(bias), float(distance), float(background), _LOWEST_EVIDENCE, _KNEE, _GROWTH)


def _same_moment(material: _Material, segment: Segment) -> Matrix:
    """Distance and background, float64 [K, 2], of each query frame of a copy against the moment it shows.

    Of the ways in which the query is seen, straight, mirrored, in panels, the nearest one is taken, as a whole; panels
    only where they are there for most of the copy.
    """
    query = material.queries[segment.query_id]
    library = material.library
    codes = library.folder.video_codes(_number_of(library, segment.reference_id))
    step = 1 / library.config.sampling.library_fps
    reference = ReferenceTrack(codes.starts_seconds, codes.ends_seconds, codes.duration_seconds, step)
    speed = (segment.reference_end_seconds - segment.reference_start_seconds) / (
        segment.query_end_seconds - segment.query_start_seconds
    )
    found = []
    for track in query.tracks:
        copied = (track.times_seconds >= segment.query_start_seconds) & (
            track.times_seconds < segment.query_end_seconds
        )
        inside = copied & track.searchable
        if inside.sum() <= _LEAST_SEEN * copied.sum():
            continue
        at = segment.reference_start_seconds + speed * (track.times_seconds[inside] - segment.query_start_seconds)
        distances = hamming_distances(track.codes[inside], np.asarray(codes.codes)).astype(np.float32)
        best = [-reference.look_up(at[row : row + 1], -distances[row], 0.75 * step)[0][0] for row in range(len(at))]
        found.append(np.column_stack([np.array(best, dtype=np.float64), track.backgrounds[inside]]))
    if not found:  # a copy of blank frames
        return np.empty((0, 2))
    return min(found, key=lambda pairs: float(np.median(pairs[:, 0])))


def _strangers(material: _Material, query_id: str, rng: np.random.Generator) -> Matrix:
    """The same for references that the query has nothing of: each frame against the nearest moment of some of them.

    The nearest, because the matcher too looks for the moment that fits best.
    """
    track = material.queries[query_id].straight
    own = {segment.reference_id for segment in material.truth if segment.query_id == query_id}
    others = [record for record in material.library.videos() if record.row_count and Path(record.id).stem not in own]
    frames = np.flatnonzero(track.searchable)
    parts = [np.empty((0, 2))]
    for place in rng.choice(len(others), min(_STRANGERS, len(others)), replace=False):
        codes = material.library.folder.video_codes(others[place].number)
        distances = hamming_distances(track.codes[frames], np.asarray(codes.codes[codes.searchable]))
        parts.append(np.column_stack([distances.min(axis=1), track.backgrounds[frames]]))
    return np.concatenate(parts)


def _fit_scores(material: _Material, calibration: Calibration) -> Calibration:
    """Logistic regressions on what the matcher finds when every segment is let through, both kinds weighing the same.

    One on what the codes say, and one that adds the registration of the movies. How many wrong ones are found says how
    large the problem is and how keen the codes, not how far to believe a segment; with equal weights a score of 0.5
    means the same for every network.
    """
    config = MatcherConfig(threshold=0.0)
    found: list[ScoredSegment] = []
    marks: list[bool] = []
    for query_id, query in material.queries.items():
        for record, item in find_segments(material.library, query.tracks, calibration, config):
            found.append(item)
            marks.append(is_right(material.truth, query_id, Path(record.id).stem, item))
    right = np.array(marks, dtype=np.bool_)
    logger.info("scores: %d right and %d wrong segments", right.sum(), (~right).sum())
    _require_both("score", "segments", int(right.sum()), int((~right).sum()))
    said = [
        (item.scaled_evidence, item.segment.line.speed, item.tmk_score, item.mean_hamming_distance) for item in found
    ]
    inputs = [score_inputs(*values) for values in said]
    score = ScoreModel(*fit_logistic(np.array(inputs), right, _equal_weights(right)).tolist())
    calibration = replace(calibration, score=score)
    closer = [
        _ordered(
            verification_inputs(
                score.probability(*values), _length(item), item.registration, mirrored=item.mirrored, panel=item.panel
            )
        )
        for item, values in zip(found, said, strict=True)
        if item.registration is not None
    ]
    registered = np.array([item.registration is not None for item in found])
    if not registered.any():
        return calibration
    solution = fit_logistic(np.array(closer), right[registered], _equal_weights(right[registered]), _RIDGE)
    logger.info("verification: weights %s", np.round(solution, 3))
    bias, *weights = solution.tolist()
    return replace(calibration, verification=VerificationModel(bias, tuple(weights)))


def _length(item: ScoredSegment) -> float:
    """Seconds in the query."""
    (start, end), _ = item.intervals()
    return end - start


def _ordered(inputs: Mapping[str, float]) -> list[float]:
    return [inputs[name] for name in VERIFICATION_INPUTS]


def _equal_weights(labels: BoolArray) -> Matrix:
    """Weights with which both kinds count for half, and all together for as many as there are."""
    weights: Matrix = np.where(labels, 0.5 / labels.mean(), 0.5 / (~labels).mean())
    return weights


def _require_both(model: str, things: str, right: int, wrong: int) -> None:
    if not right or not wrong:
        raise ConfigError(
            f"the {model} model needs both right and wrong {things}, but the problem gave {right} right and {wrong} "
            "wrong ones; raise experiment.references and experiment.queries, or give another experiment.problem"
        )


def _number_of(library: Library, stem: str) -> int:
    for record in library.videos():
        if Path(record.id).stem == stem:
            return record.number
    raise ConfigError(f"gt.csv names the reference {stem}, which the problem does not hold")
