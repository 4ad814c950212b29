"""What distances and scores mean for one kind of code: learned from generated copies, kept in one file.

A calibration file is a safetensors file with ``background_codes`` uint8 [K, 128], ``evidence`` float64 [6] and
``score`` float64 [5] (one less each in older ones, whose last weights are 0), and the metadata key ``vdup`` holding
JSON with ``format`` and ``codes``, the digest of the codes that it is for; and, where movies were there to learn from,
``verification`` float64 [18]; and, in newer ones, ``false_alarms`` float64 [5], the fields of
:class:`~vdup.align.false_alarms.FalseAlarms`.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import astuple, dataclass
from importlib.resources import as_file
from importlib.resources.abc import Traversable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from vdup.align.false_alarms import FalseAlarms
from vdup.codes.hamming import hamming_distances
from vdup.errors import WeightsError
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, FloatArray
from vdup.weights import shipped

_FORMAT = "calibration-1"
_BUNDLED = "_calibration.safetensors"
"""How the names of those that ship with vdup end; the first one, by name, is that of the default model."""
_BACKGROUND_NEIGHBOURS = 10


@dataclass(frozen=True)
class Evidence:
    """Log-likelihood ratio "copy against no copy" of one pair of frames.

    A logistic regression on the distance and on how close the query frame comes to pictures that have nothing to do
    with it. The second part is the score normalisation of copy detection: a frame of text or of sky is near to many.
    """

    bias: float
    distance: float
    """Weight of the Hamming distance as a share of the bits; negative."""
    background: float
    """Weight of the mean distance to the nearest background codes; positive."""
    lowest: float
    """Evidence is clipped here: one frame with a caption over it must not end a stream."""
    knee: float
    """From here on evidence grows more slowly: neighbouring frames are not independent, and none is proof by itself."""
    growth: float = 0.0
    """Share of the evidence above the knee that counts. Above 0, of two lines through a reference the one with nearer
    frames gathers more, however near both are; at 0 they look alike."""

    def of(self, distances: NDArray[np.int32], backgrounds: FloatArray) -> FloatArray:
        """Evidence of frame pairs.

        Args:
            distances: Hamming distances, int32 [..., M].
            backgrounds: background distance of the query frames in bits, float32, broadcast against ``distances``.

        Returns:
            float32 of the broadcast shape.
        """
        ratio = self.bias + (self.distance * distances + self.background * backgrounds) / CODE_BITS
        above = np.maximum(ratio - self.knee, 0)
        limited: FloatArray = (np.clip(ratio, self.lowest, self.knee) + self.growth * above).astype(np.float32)
        # Farther than pictures that have nothing to do with the query frame is no sign of a copy, whatever the
        # regression makes of frames that are near to everything.
        return np.where(distances < backgrounds, limited, np.minimum(limited, np.float32(0)))


@dataclass(frozen=True)
class ScoreModel:
    """Probability that a segment is a copy, by logistic regression on hash evidence and TMK together."""

    bias: float
    evidence: float
    """Weight of ln(1 + total evidence): how much there is."""
    speed_change: float
    """Weight of |log2 speed|: chance agreement is as likely at any speed, copies mostly play at their own."""
    tmk: float
    """Weight of the TMK score: whether the frames come in the right order."""
    distance: float = 0.0
    """Weight of the mean Hamming distance of the frames that agree, as a share of the bits. Its sign is not given: at
    equal evidence, which is a sum over frames, farther frames mean a longer stretch."""

    def probability(self, total_evidence: float, speed: float, tmk_score: float, mean_distance: float) -> float:
        """Calibrated score, 0 to 1; the arguments are those of :func:`score_inputs`."""
        inputs = score_inputs(total_evidence, speed, tmk_score, mean_distance)
        weights = (self.evidence, self.speed_change, self.tmk, self.distance)
        logit = self.bias + sum(weight * value for weight, value in zip(weights, inputs, strict=True))
        return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))


def score_inputs(
    total_evidence: float, speed: float, tmk_score: float, mean_distance: float
) -> tuple[float, float, float, float]:
    """What the score of a segment is computed from, in the order of the weights of :class:`ScoreModel`.

    Args:
        total_evidence: sum over the frames.
        speed: of the reference in the query's time.
        tmk_score: of the segment.
        mean_distance: mean Hamming distance of the frames that agree, in bits.
    """
    return (
        float(np.log1p(max(total_evidence, 0.0))),
        float(abs(np.log2(speed))),
        tmk_score,
        mean_distance / CODE_BITS,
    )


VERIFICATION_INPUTS = (
    "code_score",
    "correlation",
    "contrast",
    "contrast_over_time",
    "still",
    "moving",
    "unexplained",
    "unexplained_over_time",
    "speed_change",
    "covered",
    "detail",
    "spread",
    "spread_over_parts",
    "quick_contrast_over_time",
    "quick_margin",
    "mirrored",
    "panel",
    "changing_detail",
    "changing_detail_over_time",
)
"""What :class:`VerificationModel` weighs, in order; see :func:`vdup.align.verification.verification_inputs`."""
_FIRST_INPUTS = 17
"""Calibrations of before hold weights of so many; the inputs that came later weigh nothing in them."""


@dataclass(frozen=True)
class VerificationModel:
    """Probability that a segment is a copy, when its movies have been registered as well; a logistic regression."""

    bias: float
    weights: tuple[float, ...]
    """One for each of :data:`VERIFICATION_INPUTS`."""

    def __post_init__(self) -> None:
        if len(self.weights) != len(VERIFICATION_INPUTS):
            raise ValueError(f"{len(VERIFICATION_INPUTS)} weights are needed, got {len(self.weights)}")

    def probability(self, inputs: Mapping[str, float]) -> float:
        """Calibrated score, 0 to 1."""
        weighted = zip(VERIFICATION_INPUTS, self.weights, strict=True)
        logit = self.bias + sum(weight * inputs[name] for name, weight in weighted)
        return float(1 / (1 + np.exp(-np.clip(logit, -60, 60))))


@dataclass(frozen=True)
class Calibration:
    """Background, evidence and score for codes of one model."""

    background_codes: CodeArray
    """Codes of pictures that belong to nobody's library, uint8 [K, 128]."""
    evidence: Evidence
    score: ScoreModel
    codes: str
    """Digest of the model whose codes these are."""
    verification: VerificationModel | None = None
    """None: segments are scored by their codes alone."""
    false_alarms: FalseAlarms | None = None
    """Of the problem that the scores were fitted on; None: scores are the same whatever the size of the library."""

    @property
    def scores_digest(self) -> str:
        """Digest of all that scores come from: what is measured of scores holds for this calibration only."""
        digest = hashlib.sha256(np.ascontiguousarray(self.background_codes).tobytes())
        digest.update(repr((self.codes, self.evidence, self.score, self.verification)).encode())
        return digest.hexdigest()

    def background(self, codes: CodeArray) -> FloatArray:
        """Mean distance of each code to its ten nearest background codes, float32 [N], in bits."""
        if not len(codes):
            return np.zeros(0, dtype=np.float32)
        distances = hamming_distances(codes, self.background_codes)
        nearest = np.partition(distances, _BACKGROUND_NEIGHBOURS - 1, axis=1)[:, :_BACKGROUND_NEIGHBOURS]
        means: FloatArray = nearest.mean(axis=1).astype(np.float32)
        return means


def save_calibration(path: Path, calibration: Calibration) -> None:
    """Writes a calibration file."""
    evidence, score = calibration.evidence, calibration.score
    tensors = {
        "background_codes": calibration.background_codes,
        "evidence": np.array(
            [evidence.bias, evidence.distance, evidence.background, evidence.lowest, evidence.knee, evidence.growth]
        ),
        "score": np.array([score.bias, score.evidence, score.speed_change, score.tmk, score.distance]),
    }
    if calibration.verification is not None:
        tensors["verification"] = np.array([calibration.verification.bias, *calibration.verification.weights])
    if calibration.false_alarms is not None:
        tensors["false_alarms"] = np.array(astuple(calibration.false_alarms))
    header = {"format": _FORMAT, "codes": calibration.codes}
    save_file(tensors, str(path), metadata={"vdup": json.dumps(header, sort_keys=True)})


def _codes_of(file: Traversable) -> object:
    """Digest of the codes that a shipped calibration is for."""
    with as_file(file) as path, safe_open(str(path), framework="np") as source:
        header = json.loads((source.metadata() or {}).get("vdup", "null"))
    return header.get("codes") if isinstance(header, dict) else None


def load_calibration(path: Path | None, codes: str) -> Calibration:
    """Reads a calibration file.

    Args:
        path: the file; none: the one that ships with vdup.
        codes: digest of the model in use.

    Raises:
        WeightsError: the file is missing, damaged, or belongs to other codes.
    """
    if path is None:
        candidates = shipped(_BUNDLED)
        fitting = next((item for item in candidates if _codes_of(item) == codes), candidates[0])
        with as_file(fitting) as bundled:
            return load_calibration(bundled, codes)
    try:
        with safe_open(str(path), framework="np") as source:
            header = json.loads((source.metadata() or {}).get("vdup", "null"))
            tensors = {name: source.get_tensor(name) for name in source.keys()}  # noqa: SIM118
        background = tensors["background_codes"]
        evidence = Evidence(*(float(value) for value in tensors["evidence"]))
        score = ScoreModel(*(float(value) for value in tensors["score"]))
        weights = [float(value) for value in tensors.get("verification", ())]
        if len(weights) == 1 + _FIRST_INPUTS:
            weights += [0.0] * (len(VERIFICATION_INPUTS) - _FIRST_INPUTS)
        verification = VerificationModel(weights[0], tuple(weights[1:])) if weights else None
        rates = [float(value) for value in tensors.get("false_alarms", ())]
        false_alarms = FalseAlarms(*rates) if rates else None
    except (OSError, SafetensorError, json.JSONDecodeError, KeyError, TypeError, ValueError) as error:
        raise WeightsError(f"{path}: not a readable calibration file ({error}); check matcher.calibration") from error
    if not isinstance(header, dict) or header.get("format") != _FORMAT:
        raise WeightsError(f"{path}: not a calibration file of format {_FORMAT}; check matcher.calibration")
    if header.get("codes") != codes:
        raise WeightsError(
            f"{path}: made for other codes than those of the present model; make one with 'python -m vdup.train "
            "+experiment=calibration data.images=DIR' and pass it as matcher.calibration=FILE"
        )
    packed = background.dtype == np.uint8 and background.ndim == 2 and background.shape[1] == CODE_BYTES
    finite = np.isfinite([*astuple(evidence), *astuple(score), *weights]).all()
    if not packed or len(background) < _BACKGROUND_NEIGHBOURS or not finite:
        raise WeightsError(f"{path}: not a usable calibration file, its codes or weights are damaged; make it anew")
    return Calibration(background, evidence, score, codes, verification, false_alarms)
