"""Made-up codes of moving pictures, and a calibration that fits them."""

import numpy as np

from vdup.align.calibration import Calibration, Evidence, ScoreModel
from vdup.align.matcher import QueryTrack
from vdup.types import CODE_BITS, CodeArray, TimeArray, VideoCodes


class Footage:
    """Endless footage that shows another picture every second and turns from one into the next gradually."""

    def __init__(self, seed: int, seconds: int = 400) -> None:
        random = np.random.default_rng(seed)
        self._pictures = random.integers(0, 2, (seconds + 1, CODE_BITS), dtype=np.uint8)
        self._turns = random.random(CODE_BITS)

    def codes_at(self, times_seconds: TimeArray, noise: float = 0.0) -> CodeArray:
        """Codes of the pictures at some times, each bit turned over with a probability."""
        whole = np.floor(times_seconds).astype(np.int64)
        turned = (times_seconds - whole)[:, None] > self._turns
        bits = np.where(turned, self._pictures[whole + 1], self._pictures[whole])
        flips = np.random.default_rng(len(times_seconds)).random(bits.shape) < noise
        return np.packbits(bits ^ flips, axis=1)


def reference(footage: Footage, seconds: float) -> VideoCodes:
    """The first seconds of some footage, a row a second."""
    times = np.arange(0.0, seconds)
    return VideoCodes(footage.codes_at(times), times, times, np.ones(len(times), dtype=np.bool_), seconds)


def as_query(codes: CodeArray, calibration: Calibration, mirrored: bool = False) -> QueryTrack:
    """Codes of frames every half second as a query."""
    return QueryTrack(
        codes=codes,
        times_seconds=np.arange(len(codes)) / 2,
        searchable=np.ones(len(codes), dtype=np.bool_),
        backgrounds=calibration.background(codes),
        duration_seconds=len(codes) / 2,
        mirrored=mirrored,
    )


def make_calibration(codes_digest: str = "made up") -> Calibration:
    """Of unrelated codes 512 bits differ, and 470 from the nearest of 200: the evidence turns at about 315 bits."""
    background = np.random.default_rng(99).integers(0, 256, (200, 128), dtype=np.uint8)
    return Calibration(
        background_codes=background,
        evidence=Evidence(bias=0.0, distance=-30.0, background=20.0, lowest=-2.0, knee=4.0),
        score=ScoreModel(bias=-7.0, evidence=1.8, speed_change=-1.0, tmk=4.0),
        codes=codes_digest,
    )
