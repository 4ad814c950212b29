"""Whole-video search on a folder of labelled videos: three aggregations and the trained embedding, in one table.

::

    python -m benchmarks.video_level root=DIR [weights=FILE] [words=N] [keep=FILE.npz]

DIR holds ``refs/`` and ``queries/`` (videos) and ``gt.csv`` (true segments). Whole references are the database; the
queries are those of which a single copied segment fills at least half. Frames are sampled once a second. Codebooks are
clustered from the references, which any library has at hand; the embedding is the one that ships with vdup
(``weights``: another one) and has seen neither. Measured are the mean average precision of the rankings, the bytes of
one video in the store (half precision) and the milliseconds of one query against all references, decoding and network
left out. ``keep`` keeps the layer maxima for the next run.
"""

import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import faiss
import numpy as np
import torch
from rich.console import Console
from rich.table import Table

from vdup.aggregation.aggregator import Aggregator, BagAggregator, EmbeddingAggregator
from vdup.aggregation.codebook_fit import fit_codebook
from vdup.aggregation.embedding import bundled_embedding, load_embedding
from vdup.config import EfficientNetLiteConfig, SamplingConfig
from vdup.datasets.segment_csv import read_ground_truth
from vdup.datasets.segments import Segment
from vdup.errors import VdupError
from vdup.features.backbone import build_backbone
from vdup.features.layer_maxima import LayerMaxima
from vdup.report.progress import ProgressDisplay
from vdup.types import FloatArray
from vdup.video.discover import find_videos
from vdup.video.workers import DecoderPool

_USAGE = "usage: python -m benchmarks.video_level root=DIR [weights=FILE] [words=N] [keep=FILE.npz]"
_LEAST_SHARE = 0.5
_TIMED_ROUNDS = 20
_BYTES_A_NUMBER = 2


@dataclass(frozen=True)
class Maxima:
    """Layer maxima of the frames of all videos."""

    references: dict[str, FloatArray]
    """By the file's name without extension, float32 [N, D]."""
    queries: dict[str, FloatArray]
    seconds: dict[str, float]
    """Length of each query."""


@dataclass(frozen=True)
class Line:
    """What one kind of vector reached."""

    name: str
    mean_ap: float
    bytes_a_video: int
    milliseconds: float


def read_maxima(root: Path, maxima: LayerMaxima, side_pixels: int, batch_size: int) -> Maxima:
    """Decodes all videos and runs the network."""
    files = [(path, True) for _, path in find_videos(root / "refs")]
    files += [(path, False) for _, path in find_videos(root / "queries")]
    references: dict[str, FloatArray] = {}
    queries: dict[str, FloatArray] = {}
    seconds: dict[str, float] = {}
    sampling = SamplingConfig()
    with (
        ProgressDisplay("reading", len(files)) as display,
        DecoderPool(
            workers=sampling.workers,
            frames_per_second=sampling.library_fps,
            side_pixels=side_pixels,
            crop_bars=sampling.crop_bars,
            timeout_base_seconds=sampling.timeout_base_seconds,
            timeout_per_second=sampling.timeout_per_second,
        ) as pool,
    ):
        videos = pool.videos(path for path, _ in files)
        for done, ((path, is_reference), video) in enumerate(zip(files, videos, strict=True), start=1):
            rows = [maxima.of_images(batch.images[batch.searchable], batch_size) for batch in video]
            (references if is_reference else queries)[path.stem] = np.concatenate(rows)
            if not is_reference:
                seconds[path.stem] = video.duration_seconds
            display.counted(done, len(files))
    return Maxima(references, queries, seconds)


def chosen_queries(truth: Sequence[Segment], seconds: dict[str, float]) -> dict[str, set[str]]:
    """Queries of which one segment fills at least half, with the references that such segments are of."""
    found: dict[str, set[str]] = {}
    for segment in truth:
        length = segment.query_end_seconds - segment.query_start_seconds
        if segment.query_id in seconds and length >= _LEAST_SHARE * seconds[segment.query_id]:
            found.setdefault(segment.query_id, set()).add(segment.reference_id)
    return found


def mean_average_precision(similarities: FloatArray, right: Sequence[set[str]], references: Sequence[str]) -> float:
    """Mean over the queries of the average precision of their whole ranking; ties are ranked against the query."""
    results = []
    for row, wanted in zip(similarities, right, strict=True):
        is_right = np.array([name in wanted for name in references])
        places = np.flatnonzero(is_right[np.lexsort((is_right, -row))]) + 1
        results.append(float(np.mean(np.arange(1, len(places) + 1) / places)))
    return float(np.mean(results))


def measure(name: str, aggregator: Aggregator, maxima: Maxima, right: dict[str, set[str]]) -> Line:
    """Ranks all references for every query."""

    def averages(videos: dict[str, FloatArray], names: Sequence[str]) -> FloatArray:
        return np.stack([aggregator.of_frames(videos[one]).mean(axis=0) for one in names])

    names = sorted(maxima.references)
    asked = sorted(right)
    database = aggregator.vectors(averages(maxima.references, names))
    similarities = aggregator.vectors(averages(maxima.queries, asked)) @ database.T
    mean_ap = mean_average_precision(similarities, [right[query] for query in asked], names)

    def query() -> object:
        rows = aggregator.of_frames(maxima.queries[asked[0]]).mean(axis=0)
        return np.argsort(-(aggregator.vectors(rows[None]) @ database.T)[0])

    return Line(name, mean_ap, _BYTES_A_NUMBER * aggregator.dimensions, _milliseconds(query))


def _milliseconds(job: Callable[[], object]) -> float:
    """Median of some runs on one thread: threads that wait for one another take longer than searches of this size."""
    faiss.omp_set_num_threads(1)
    torch.set_num_threads(1)
    times = []
    for _ in range(_TIMED_ROUNDS):
        started = time.perf_counter()
        job()
        times.append(1e3 * (time.perf_counter() - started))
    return float(np.median(times))


def run(root: Path, weights: Path | None, words: int, keep: Path | None) -> tuple[list[Line], int, int]:
    """All lines of the table, the number of queries and that of references."""
    config = EfficientNetLiteConfig()
    maxima = LayerMaxima(build_backbone(config))
    fingerprint = maxima.fingerprint(config.image_side_pixels)
    found = _kept(keep) if keep is not None and keep.exists() else None
    if found is None:
        found = read_maxima(root, maxima, config.image_side_pixels, config.batch_size)
        if keep is not None:
            _keep(keep, found)
    right = chosen_queries(read_ground_truth(root / "gt.csv"), found.seconds)
    widths = maxima.widths
    plain = Aggregator(fingerprint, widths)
    frames = [plain.of_frames(rows) for _, rows in sorted(found.references.items())]
    by_vector = fit_codebook(frames, (sum(widths),), words)
    by_layer = fit_codebook(frames, widths, words)
    embedding = bundled_embedding(fingerprint) if weights is None else load_embedding(weights, fingerprint)
    kinds = {
        "bag of frames, words by vector": BagAggregator(fingerprint, widths, by_vector),
        "bag of frames, words by layer": BagAggregator(fingerprint, widths, by_layer),
        "mean, untrained": plain,
        "mean, refined (dml)": EmbeddingAggregator(fingerprint, widths, lambda: embedding),
    }
    lines = [measure(name, aggregator, found, right) for name, aggregator in kinds.items()]
    return lines, len(right), len(found.references)


def _keep(path: Path, maxima: Maxima) -> None:
    arrays: dict[str, FloatArray] = {f"r/{name}": rows for name, rows in maxima.references.items()}
    arrays |= {f"q/{name}": rows for name, rows in maxima.queries.items()}
    arrays |= {f"s/{name}": np.array([seconds], dtype=np.float32) for name, seconds in maxima.seconds.items()}
    np.savez(path, **arrays)  # type: ignore[arg-type]


def _kept(path: Path) -> Maxima:
    with np.load(path, allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    parts: dict[str, dict[str, FloatArray]] = {"r": {}, "q": {}, "s": {}}
    for name, rows in arrays.items():
        parts[name[0]][name[2:]] = rows
    return Maxima(parts["r"], parts["q"], {name: float(value[0]) for name, value in parts["s"].items()})


def main(arguments: Sequence[str]) -> int:
    """Runs the benchmark and returns the exit status."""
    values = dict(argument.partition("=")[::2] for argument in arguments)
    if "root" not in values or set(values) - {"root", "weights", "words", "keep"}:
        print(_USAGE, file=sys.stderr)
        return 2
    paths = {name: Path(values[name]) if name in values else None for name in ("weights", "keep")}
    try:
        lines, queries, references = run(
            Path(values["root"]), paths["weights"], int(values.get("words", "200")), paths["keep"]
        )
    except (VdupError, OSError) as error:
        print(error, file=sys.stderr)
        return 1
    table = Table(title=f"{queries} queries against {references} whole references")
    table.add_column("vector of a video")
    for heading in ("mAP", "bytes a video", "ms a query"):
        table.add_column(heading, justify="right")
    for line in lines:
        table.add_row(line.name, f"{line.mean_ap:.4f}", str(line.bytes_a_video), f"{line.milliseconds:.2f}")
    Console().print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
