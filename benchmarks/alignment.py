"""How well the temporal models find the offset between two videos, and what that costs.

::

    python -m benchmarks.alignment features=DIR|videos=DIR [fps=15] [cases=100] [weights=FILE] [pairs=1000]

``features`` is a folder of ``python -m vdup.features``; with ``videos`` one is made first, at ``fps`` frames a second,
and dropped at the end. ``weights`` is a kernel of ``+experiment=lamv``.

First table: a case takes a third to two thirds of a real video, adds noise to the features of its frames, starts its
clock anew, and looks for it in the whole video over all offsets at which the two overlap, a frame apart. Stretches in
which nothing changes are not taken. Noise is given in lengths of a feature; ``foreign`` puts as much footage of another
video before the excerpt. A case counts when the offset with the highest score is within one frame of the true one.

Second table: scoring pairs of one-minute videos at 15 frames a second, 512 values a frame, over all 1,799 offsets, in
processor seconds of one thread, with descriptors at hand. The direct sum is the kernel applied to all pairs of frames:
one matrix product for their similarities, sums along its diagonals, and one more product with the kernel.

Third table: memory that describing a video of two hours takes on top of its features.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import torch
from rich.console import Console
from rich.table import Table
from torch import Tensor

from benchmarks.alignment_cases import NOISE_LEVELS, Case, TemporalModel, draw_cases, share_found
from benchmarks.processes import memory_of, run_apart
from vdup.config import FeaturesJobConfig
from vdup.feature_files.read import is_feature_file, read_features
from vdup.temporal import CTE, LAMV, TMK, TMK_Poullot
from vdup.temporal.tmk import fourier_coefficients
from vdup.types import FrameFeatures
from vdup.video.discover import find_videos

_USAGE = __doc__.split("::")[1].split("\n\n")[1].strip()
_PERIODS = (9767.0, 2731.0, 1039.0, 253.0)
"""The default of ``matcher=tmk``, in fifteenths of a second."""
_SHORT_PERIODS = (997.0, 463.0, 211.0, 97.0)
"""Sharper: with beta = 32 their kernels are 28, 13, 6 and 2.7 frames wide (one standard deviation)."""
_MINUTE_FRAMES, _DIMENSIONS = 900, 512
_PAIRS_AT_ONCE = 50
_TWO_HOURS_FRAMES = 2 * 3600 * 15


def main() -> None:
    """Prints the three tables."""
    settings = dict(word.partition("=")[::2] for word in sys.argv[1:])
    unknown = settings.keys() - {"features", "videos", "fps", "cases", "weights", "pairs"}
    if unknown or ("features" in settings) == ("videos" in settings):
        sys.exit(f"usage: {_USAGE}")
    learned = LAMV.load(Path(settings["weights"])) if "weights" in settings else None
    console = Console(width=150)
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(settings.get("features", temporary))
        if "videos" in settings:
            make_features(Path(settings["videos"]), folder, float(settings.get("fps", 15)))
        videos = [read_features(path) for path in sorted(folder.rglob("*")) if is_feature_file(path)]
    console.print(found_table(videos, models(learned), int(settings.get("cases", 100))))
    torch.set_num_threads(1)
    console.print(cost_table(int(settings.get("pairs", 1000))))
    console.print(memory_table())


def models(learned: LAMV | None) -> list[tuple[str, TemporalModel]]:
    """What the first table compares, with names."""
    rows: list[tuple[str, TemporalModel]] = [(f"TMK_Poullot m={m}", TMK_Poullot(m)) for m in (16, 64)]
    for name, periods in (("published periods", _PERIODS), ("short periods", _SHORT_PERIODS)):
        rows += [(f"TMK {name} m={m} feat_freq", TMK(periods, m)) for m in (8, 16, 32)]
    rows += [(f"TMK short periods m=16 {kind}", TMK(_SHORT_PERIODS, 16, kind)) for kind in ("matrix", "freq", "feat")]
    if learned is not None:
        start = LAMV(learned.periods, learned.m, learned.normalization, learned.beta).requires_grad_(False)
        rows += [("LAMV before training", start), ("LAMV", learned)]
    rows += [(f"CTE m={m} of a circle of 2,048", CTE(m, 0.1, 2048)) for m in (64, 256, 1024)]
    return rows


def make_features(videos: Path, folder: Path, fps: float) -> None:
    """Writes features of the default model for all videos of a folder."""
    from vdup.pipeline.feature_folder import feature_paths, make_feature_files
    from vdup.pipeline.feature_maker import build_feature_maker

    found = find_videos(videos)
    config = FeaturesJobConfig(videos=videos, output=folder, fps=fps)
    make_feature_files(build_feature_maker(config, fps), found, feature_paths(found, folder))


def found_table(videos: Sequence[FrameFeatures], compared: Sequence[tuple[str, TemporalModel]], cases: int) -> Table:
    """Share of the offsets found within one frame."""
    problems: list[tuple[str, list[Case]]] = [
        (f"noise {noise:g}{', foreign' if foreign else ''}", draw_cases(videos, cases, noise, seed=0, foreign=foreign))
        for foreign in (False, True)
        for noise in (NOISE_LEVELS[:1] if foreign else NOISE_LEVELS)
    ]
    table = Table(title=f"% of {cases} offsets found within one frame, {len(videos)} videos")
    table.add_column("model")
    for name, _ in problems:
        table.add_column(name, justify="right")
    for name, model in compared:
        table.add_row(name, *(f"{100 * share_found(model, drawn):.1f}" for _, drawn in problems))
    return table


def cost_table(pairs: int, frames: int = _MINUTE_FRAMES) -> Table:
    """Time for scoring pairs of videos of so many frames over all offsets."""
    generator = torch.Generator().manual_seed(0)
    features = torch.randn(min(pairs, _PAIRS_AT_ONCE) + 1, frames, _DIMENSIONS, generator=generator)
    features = torch.nn.functional.normalize(features, dim=2)
    times = torch.arange(float(frames)).expand(len(features), -1)
    offsets = torch.arange(1.0 - frames, frames)[None]
    table = Table(title=f"{pairs:,} pairs of videos of {frames} frames over all {2 * frames - 1:,} offsets")
    for heading in ("method", "description ms/video", "bytes/video", "scoring s", "of the direct sum"):
        table.add_column(heading, justify="left" if heading == "method" else "right")
    kernel = kernel_table(TMK_Poullot(16), offsets[0])

    def direct(first: int, count: int) -> None:
        for row in range(first, first + count):
            direct_sum(features[row], features[row + 1], kernel)

    baseline = _seconds(direct, pairs)
    table.add_row("direct sum", "-", f"{features[0].numel() * 4:,}", f"{baseline:.2f}", "1")
    methods: tuple[tuple[str, TemporalModel], ...] = (
        ("TMK_Poullot m=16", TMK_Poullot(16)),
        ("TMK m=16 feat_freq", TMK(_PERIODS, 16)),
        ("TMK m=32 feat_freq", TMK(_PERIODS, 32)),
        ("CTE m=256 of a circle of 2,048", CTE(256, 0.1, 2048)),
        ("CTE m=1024", CTE(1024)),
    )
    for name, model in methods:
        started = time.process_time()
        fvs = model.single_fv(features, times)
        described = (time.process_time() - started) / len(features)

        def score(first: int, count: int, model: TemporalModel = model, fvs: Tensor = fvs) -> None:
            model.score_pair(fvs[first : first + count], fvs[first + 1 : first + count + 1], offsets)

        scored = _seconds(score, pairs)
        size = fvs[0].numel() * fvs.element_size()
        table.add_row(name, f"{1e3 * described:.1f}", f"{size:,}", f"{scored:.2f}", f"{scored / baseline:.3f}")
    return table


def _seconds(score: Callable[[int, int], None], pairs: int) -> float:
    """Processor seconds for so many pairs, in blocks; a first block warms up."""
    score(0, min(pairs, _PAIRS_AT_ONCE))
    started = time.process_time()
    for first in range(0, pairs, _PAIRS_AT_ONCE):
        score(0, min(_PAIRS_AT_ONCE, pairs - first))
    return time.process_time() - started


def kernel_table(model: TMK, offsets: Tensor) -> Tensor:
    """The kernel of a model, mean over its periods, at all pairs of an offset and a difference of frame numbers.

    Args:
        model: not yet normalised scores are meant.
        offsets: [K], whole numbers; the differences are the same numbers.

    Returns:
        float32 [K, K], row by offset.
    """
    coefficients = torch.tensor(fourier_coefficients(model.m, model.beta), dtype=torch.float64)
    difference = offsets.double()[None] - offsets.double()[:, None]
    total = torch.zeros_like(difference)
    for period in model.periods:
        for n, coefficient in enumerate(coefficients.tolist()):
            total += coefficient * torch.cos(2 * torch.pi * n * difference / period)
    return (total / len(model.periods)).float()


def direct_sum(a: Tensor, b: Tensor, kernel: Tensor) -> Tensor:
    """Sum of ``k(t - t' - offset) <a_t, b_t'>`` over all pairs of frames, at all offsets from 1 - Tb to Ta - 1.

    Args:
        a: [Ta, d].
        b: [Tb, d].
        kernel: of :func:`kernel_table`, for those offsets.

    Returns:
        [Ta + Tb - 1].
    """
    similarities = a @ b.flip(0).T
    rows, columns = similarities.shape
    # Padded by a row's length and read with rows one shorter, every row moves one to the right of the one above.
    skewed = torch.nn.functional.pad(similarities, (0, rows)).flatten()[:-rows].view(rows, rows + columns - 1)
    return kernel @ skewed.sum(dim=0)


def memory_table() -> Table:
    """Peak memory of describing two hours at 15 frames a second."""
    table = Table(title=f"Two hours, {_TWO_HOURS_FRAMES:,} frames of {_DIMENSIONS} values")
    for heading in ("model", "features MB", "descriptor MB", "peak above both MB"):
        table.add_column(heading, justify="left" if heading == "model" else "right")
    for name in ("TMK_Poullot m=16", "TMK_Poullot m=64", "CTE m=4096 of a circle of 262,144"):
        sizes = run_apart(describe_two_hours, name)
        table.add_row(name, *(f"{size / 1e6:,.1f}" for size in sizes))
    return table


def describe_two_hours(name: str) -> tuple[float, float, float]:
    """Bytes of the features, of the descriptor, and of what was needed in between at most."""
    m = int(name.split("m=")[1].split()[0])
    model: TemporalModel = CTE(m, 0.1, 1 << 18) if name.startswith("CTE") else TMK_Poullot(m)
    torch.set_num_threads(1)
    # Once on a short video: libraries load their parts on first use.
    model.single_fv(torch.ones(1, 10, _DIMENSIONS), torch.arange(10.0)[None])
    features = torch.from_numpy(np.random.default_rng(0).random((1, _TWO_HOURS_FRAMES, _DIMENSIONS), dtype=np.float32))
    before = _peak_bytes()
    fv = model.single_fv(features, torch.arange(float(_TWO_HOURS_FRAMES))[None])
    grown = _peak_bytes() - before
    descriptor = fv.numel() * fv.element_size()
    return features.numel() * 4, descriptor, max(0, grown - descriptor)


def _peak_bytes() -> int:
    memory = memory_of(os.getpid())
    if memory is None:
        raise OSError("this system does not tell the memory of processes")
    return memory.peak


if __name__ == "__main__":
    main()
