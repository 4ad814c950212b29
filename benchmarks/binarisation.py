"""What codes lose against the values whose signs they are: segment AP of both, by the same matcher.

::

    python -m benchmarks.binarisation root=DIR [refiner.weights=FILE ...]

DIR is a folder of labelled videos as for ``benchmarks.copybench``; other words are settings of the model and the
matcher. Every query, straight and mirrored, is compared with every frame of every reference: there is no look-up that
could prefer one of the two. The distance of two vectors of values is the one that ever longer codes of them would tend
to, 1,024 times the angle between them as a share of half a turn, so both are measured on one scale and need one
calibration. The whole ranking counts (``matcher.threshold=0``).
"""

import sys
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from unittest.mock import patch

import numpy as np
import torch
from hydra import compose, initialize_config_module
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track
from rich.table import Table

from vdup.align import matcher as alignment
from vdup.align.calibration import Calibration, load_calibration
from vdup.align.matcher import QueryTrack, ScoredSegment, SegmentMatcher
from vdup.codes.binarize import binarize
from vdup.codes.refiner import build_refiner
from vdup.config import QueryJobConfig
from vdup.datasets.segment_csv import read_ground_truth
from vdup.errors import ConfigError, VdupError
from vdup.evaluation.pairs import pair_average_precision
from vdup.evaluation.segments import segment_curve
from vdup.features.extractor import build_extractor
from vdup.hydra_schema import register, to_config
from vdup.pipeline.encoder import Encoder
from vdup.pipeline.searcher import suppress_competing
from vdup.types import CODE_BITS, CODE_BYTES, CodeArray, FloatArray, Match, VideoCodes
from vdup.video.discover import find_videos
from vdup.video.workers import DecoderPool

ValuesOf = Callable[[NDArray[np.uint8], bool], FloatArray]
"""Images uint8 [N, S, S, 3], perhaps to be mirrored, to values float32 [N, 1024]."""

_USAGE = "usage: python -m benchmarks.binarisation root=DIR [setting=value ...]"


@dataclass(frozen=True)
class SeenVideo:
    """A video with the values of its frames."""

    id: str
    values: FloatArray
    """float32 [N, 1024]."""
    mirrored: FloatArray
    """The same of mirrored frames; empty when they were not wanted."""
    times_seconds: NDArray[np.float64]
    searchable: NDArray[np.bool_]
    duration_seconds: float


class ValueTable:
    """Vectors of values that stand behind codes: a "code" of the float measurement is the number of a row here."""

    def __init__(self) -> None:
        self._rows: list[FloatArray] = []
        self._count = 0

    def add(self, values: FloatArray) -> CodeArray:
        """Takes values in and gives what the matcher carries about in place of their codes, uint8 [N, 128]."""
        self._rows.append(values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12))
        numbers = np.zeros((len(values), CODE_BYTES // 8), dtype=np.int64)
        numbers[:, 0] = np.arange(self._count, self._count + len(values))
        self._count += len(values)
        return numbers.view(np.uint8)

    def vectors(self, numbers: CodeArray) -> FloatArray:
        """Unit vectors, float32 [N, 1024], behind what :meth:`add` gave."""
        if len(self._rows) > 1:
            self._rows = [np.concatenate(self._rows)]
        return self._rows[0][np.ascontiguousarray(numbers).view(np.int64)[:, 0]]

    def distances(self, a: CodeArray, b: CodeArray) -> NDArray[np.float32]:
        """In the place of ``hamming_distances``: [N, M]."""
        return angle_bits(self.vectors(a) @ self.vectors(b).T)

    def paired_distances(self, a: CodeArray, b: CodeArray) -> NDArray[np.float32]:
        """In the place of ``paired_hamming``: [N]."""
        return angle_bits((self.vectors(a) * self.vectors(b)).sum(axis=1))


def angle_bits(cosines: FloatArray) -> NDArray[np.float32]:
    """Mean number of signs, of 1,024 random projections, in which two vectors with these cosines differ."""
    bits: NDArray[np.float32] = (CODE_BITS / np.pi * np.arccos(np.clip(cosines, -1, 1))).astype(np.float32)
    return bits


def _see(
    config: QueryJobConfig, values_of: ValuesOf, folder: Path, frames_per_second: float, mirror: bool
) -> list[SeenVideo]:
    sampling, seen = config.sampling, []
    with DecoderPool(
        workers=sampling.workers,
        frames_per_second=frames_per_second,
        side_pixels=config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
    ) as pool:
        videos = find_videos(folder)
        films = zip(videos, pool.videos(path for _, path in videos), strict=True)
        for (video_id, _), video in track(films, folder.name, len(videos), disable=not sys.stderr.isatty()):
            parts = [
                (
                    values_of(batch.images, False),
                    values_of(batch.images if mirror else batch.images[:0], True),
                    batch.times_seconds,
                    batch.searchable,
                )
                for batch in video
            ]
            values, mirrored, times, searchable = (np.concatenate(column) for column in zip(*parts, strict=True))
            seen.append(SeenVideo(Path(video_id).stem, values, mirrored, times, searchable, video.duration_seconds))
    return seen


def _match(
    config: QueryJobConfig,
    calibration: Calibration,
    queries: list[SeenVideo],
    references: list[SeenVideo],
    carry: Callable[[FloatArray], CodeArray],
) -> list[Match]:
    matcher = SegmentMatcher(replace(config.matcher, threshold=0.0), calibration, 1 / config.sampling.library_fps)
    known = [
        (
            one.id,
            VideoCodes(carry(one.values), one.times_seconds, one.times_seconds, one.searchable, one.duration_seconds),
        )
        for one in references
    ]
    found: list[Match] = []
    for query in queries:
        tracks = [
            QueryTrack(
                codes=carry(values),
                times_seconds=query.times_seconds,
                searchable=query.searchable,
                # Of the codes in both measurements: only the distance between frames is compared.
                backgrounds=calibration.background(binarize(values)),
                duration_seconds=query.duration_seconds,
                mirrored=mirrored,
            )
            for values, mirrored in ((query.values, False), (query.mirrored, True))
            if len(values)
        ]
        for reference_id, reference in known:
            weights = np.ones(len(reference.codes), dtype=np.float32)
            segments = [
                segment
                for one in tracks
                for segment in matcher.match(one, np.flatnonzero(one.searchable), reference, weights)
            ]
            found += [_as_match(query.id, reference_id, segment) for segment in suppress_competing(segments)]
    return found


def _as_match(query_id: str, reference_id: str, found: ScoredSegment) -> Match:
    (query_start, query_end), (reference_start, reference_end) = found.intervals()
    return Match(query_id, reference_id, query_start, query_end, reference_start, reference_end, found.score)


def measure(config: QueryJobConfig, root: Path) -> dict[str, tuple[float, float]]:
    """Segment AP and pair micro-AP by the codes and by the values.

    Raises:
        ConfigError: the folder has no videos or no truth.
        VdupError: a video or the weights cannot be read.
    """
    truth = read_ground_truth(root / "gt.csv")
    extractor = build_extractor(config)
    refiner = build_refiner(config.refiner, extractor.fingerprint)
    calibration = load_calibration(config.matcher.calibration, Encoder(extractor, refiner).codes_digest)

    @torch.inference_mode()
    def values_of(images: NDArray[np.uint8], mirrored: bool) -> FloatArray:
        values: FloatArray = refiner(torch.from_numpy(extractor.extract(images, mirrored))).numpy()
        return values

    references = _see(config, values_of, root / "refs", config.sampling.library_fps, mirror=False)
    queries = _see(config, values_of, root / "queries", config.sampling.query_fps, mirror=config.matcher.mirror)
    table = ValueTable()
    matches = {"codes": _match(config, calibration, queries, references, binarize)}
    with (
        patch.object(alignment, "hamming_distances", table.distances),
        patch.object(alignment, "paired_hamming", table.paired_distances),
        patch.object(alignment, "signs", table.vectors),
    ):
        matches["values"] = _match(config, calibration, queries, references, table.add)
    return {
        name: (segment_curve(truth, found).average_precision, pair_average_precision(truth, found))
        for name, found in matches.items()
    }


def main() -> None:
    """Runs the command."""
    words = [word for word in sys.argv[1:] if not word.startswith("root=")]
    roots = [Path(word.partition("=")[2]) for word in sys.argv[1:] if word.startswith("root=")]
    if not roots:
        sys.exit(_USAGE)
    register()
    try:
        with initialize_config_module("vdup.conf", version_base="1.3"):
            config = to_config(compose("query", [f"videos='{roots[-1]}'", *words]), QueryJobConfig)
        results = measure(config, roots[-1])
    except (VdupError, ConfigError) as error:
        sys.exit(str(error))
    table = Table(title=f"{roots[-1]}: every frame compared, whole ranking")
    for heading in ("frames as", "bytes a frame", "segment AP", "pair micro-AP"):
        table.add_column(heading, justify="left" if heading == "frames as" else "right")
    for (name, (segments, pairs)), size in zip(results.items(), (CODE_BYTES, 4 * CODE_BITS), strict=True):
        table.add_row(name, f"{size:,}", f"{segments:.4f}", f"{pairs:.4f}")
    Console().print(table)


if __name__ == "__main__":
    main()
