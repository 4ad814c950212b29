"""Plots of evaluations and of alignments. Each writes a PNG and its numbers as CSV; see :func:`figure.save_plot`.

Any number of points will do, none included: the axes stand, and the legend says how many there are. Numbers that are
not finite are left out of a picture and counted in its legend.
"""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vdup.report.figure import COLOURS, save_plot

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_BINS = 40
_FEW_POINTS = 50
"""Up to this many points are marked one by one."""
_ERROR_MARKS_SECONDS = (0.1, 1.0, 10.0)
"""Tolerances at which localisation is reported."""
_MOST_POINTS = 5000
"""Points drawn of a curve of scores: more than a picture has columns, with room for its peaks."""

Floats = NDArray[np.float64]


def plot_precision_recall(path: Path, curves: Mapping[str, tuple[ArrayLike, ArrayLike]]) -> list[Path]:
    """Precision over recall, one curve for each name.

    Args:
        path: the picture, its name ending in .png.
        curves: name -> recall and precision, [N] each, 0 to 1, in the order in which they are to be joined.

    Returns:
        The files that were written. The CSV has the columns curve, recall, precision.

    Raises:
        ValueError: the two parts of a curve differ in length, or the path does not end in .png.
        OutputError: a file cannot be written.
    """
    points = {name: _pairs(name, *curve) for name, curve in curves.items()}

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for number, (name, (recall, precision)) in enumerate(points.items()):
            axes.plot(
                recall,
                precision,
                color=COLOURS[number % len(COLOURS)],
                linestyle="-" if number < len(COLOURS) else "--",
                marker="o" if len(recall) <= _FEW_POINTS else None,
                markersize=3,
                label=f"{name} ({_count(len(recall), 'point')})",
            )
        axes.set(xlabel="recall", ylabel="precision", xlim=(-0.01, 1.01), ylim=(-0.01, 1.02))
        _finish(axes)

    rows = ([name, *pair] for name, pair_of in points.items() for pair in zip(*map(_plain, pair_of), strict=True))
    return save_plot(path, ("curve", "recall", "precision"), rows, draw)


def plot_recall_by_group(path: Path, groups: Mapping[str, tuple[int, int]]) -> list[Path]:
    """Share that was found in each group, such as an edit or a range of lengths, as bars in the given order.

    A line on each bar is the 95 % interval of the share (Wilson 1927), wide where a group is small.

    Args:
        path: the picture, its name ending in .png.
        groups: name -> how many were found, of how many.

    Returns:
        The files that were written. The CSV has the columns group, found, total, recall, low, high; the last three are
        empty for a group of none.

    Raises:
        ValueError: a group has more found than there are, or the path does not end in .png.
        OutputError: a file cannot be written.
    """
    for name, (found, total) in groups.items():
        if not 0 <= found <= total:
            raise ValueError(f"group {name!r}: {found} found of {total} cannot be")
    shares = [_share(*group) for group in groups.values()]

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        places = np.arange(len(groups))
        filled = [share or (0.0, 0.0, 0.0) for share in shares]
        axes.barh(places, [share[0] for share in filled], height=0.7, color=COLOURS[5])
        axes.hlines(places, [share[1] for share in filled], [share[2] for share in filled], color="#404040", lw=1)
        for place, (found, total) in enumerate(groups.values()):
            axes.text(1.02, place, f"{found} of {total}", va="center", fontsize=9)
        axes.set_yticks(places, list(groups))
        axes.set(xlabel="recall (line: 95 % interval)", xlim=(0, 1), ylim=(len(groups) - 0.4, -0.6))
        axes.grid(axis="x", alpha=0.3)
        axes.set_axisbelow(True)

    rows = (
        [name, found, total, *(share or (None, None, None))]
        for (name, (found, total)), share in zip(groups.items(), shares, strict=True)
    )
    height = min(1.2 + 0.28 * max(len(groups), 2), 40.0)
    return save_plot(path, ("group", "found", "total", "recall", "low", "high"), rows, draw, height_inches=height)


def plot_score_histogram(path: Path, copies: ArrayLike, others: ArrayLike) -> list[Path]:
    """Scores of copies and of everything else, as shares of each, so that a few copies stay in sight.

    Args:
        path: the picture, its name ending in .png.
        copies: scores of pairs that are copies, [N].
        others: scores of pairs that are not, [M].

    Returns:
        The files that were written. The CSV has a row a bin: from, to, copies, others, the last two being counts.

    Raises:
        ValueError: the path does not end in .png.
        OutputError: a file cannot be written.
    """
    scores = {"copies": _flat(copies), "others": _flat(others)}
    finite = {name: values[np.isfinite(values)] for name, values in scores.items()}
    edges = _bin_edges(np.concatenate(list(finite.values())))
    counts = {name: np.histogram(values, edges)[0] for name, values in finite.items()}

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        for name, colour in (("others", COLOURS[1]), ("copies", COLOURS[0])):
            left_out = len(scores[name]) - len(finite[name])
            axes.stairs(
                counts[name] / max(1, len(finite[name])),
                edges,
                fill=True,
                color=colour,
                alpha=0.55,
                label=f"{name} ({len(scores[name]):,}" + (f", {left_out:,} not finite)" if left_out else ")"),
            )
        axes.set(xlabel="score", ylabel=f"share of each in bins of {edges[1] - edges[0]:.3g}", ylim=(0, None))
        _finish(axes)

    rows = zip(_plain(edges[:-1]), _plain(edges[1:]), counts["copies"].tolist(), counts["others"].tolist(), strict=True)
    return save_plot(path, ("from", "to", "copies", "others"), rows, draw)


def plot_error_over_offset(path: Path, offsets: ArrayLike, errors: ArrayLike) -> list[Path]:
    """How far each found offset is from the true one, over the true one; with the tolerances 0.1, 1 and 10 s.

    Args:
        path: the picture, its name ending in .png.
        offsets: true offsets in seconds, [N].
        errors: found minus true, or its absolute value, in seconds, [N].

    Returns:
        The files that were written. The CSV has the columns offset_seconds, error_seconds.

    Raises:
        ValueError: the arrays differ in length, or the path does not end in .png.
        OutputError: a file cannot be written.
    """
    at, error = _pairs("errors", offsets, errors)
    distance = np.abs(error)
    shown = np.isfinite(at) & np.isfinite(distance)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        left_out = len(at) - int(shown.sum())
        label = _count(len(at), "pair") + (f", {left_out:,} not finite" if left_out else "")
        axes.plot(at[shown], distance[shown], "o", color=COLOURS[0], alpha=0.6, markersize=4, label=label)
        for number, limit in enumerate(_ERROR_MARKS_SECONDS):
            inside = int((distance <= limit).sum())
            share = f": {inside / len(at):.1%}" if len(at) else ""
            style = ("-", "--", ":")[number]
            axes.axhline(limit, color=COLOURS[1], lw=1, linestyle=style, label=f"within {limit:g} s{share}")
        # Linear near 0, where exact hits lie, logarithmic above.
        axes.set_yscale("symlog", linthresh=0.01)
        top = max(20.0, 2 * float(distance[shown].max(initial=0.0)))
        axes.set(xlabel="true offset in seconds", ylabel="error in seconds", ylim=(-0.002, top))
        axes.yaxis.set_major_formatter(lambda value, _: f"{value:g}")
        axes.grid(alpha=0.3)
        # Points may lie anywhere, so there is no free corner.
        figure.legend(loc="outside upper center", ncols=4, fontsize=9)

    return save_plot(path, ("offset_seconds", "error_seconds"), zip(_plain(at), _plain(error), strict=True), draw)


def plot_score_over_offset(path: Path, offsets: ArrayLike, scores: ArrayLike, best: float | None = None) -> list[Path]:
    """Score of every offset tried, the best one marked.

    Args:
        path: the picture, its name ending in .png.
        offsets: seconds, [N], increasing.
        scores: [N]; not finite where an offset was not scored, which leaves a gap.
        best: the offset to mark, in seconds; None marks none.

    Returns:
        The files that were written. The CSV has the columns offset_seconds, score.

    Raises:
        ValueError: the arrays differ in length, or the path does not end in .png.
        OutputError: a file cannot be written.
    """
    at, score = _pairs("scores", offsets, scores)

    def draw(figure: "Figure") -> None:
        axes = figure.subplots()
        shown = peaks(score, _MOST_POINTS)
        label = _count(int(np.isfinite(score).sum()), "offset")
        marker = "o" if len(at) <= _FEW_POINTS else None
        axes.plot(at[shown], score[shown], color=COLOURS[0], lw=1, marker=marker, markersize=3, label=label)
        if best is not None:
            axes.axvline(best, color=COLOURS[1], lw=1, linestyle="--", label=f"best: {best:.3f} s")
        axes.set(xlabel="offset in seconds", ylabel="score")
        _finish(axes)

    return save_plot(path, ("offset_seconds", "score"), zip(_plain(at), _plain(score), strict=True), draw)


def peaks(values: Floats, most: int) -> NDArray[np.int64]:
    """Rows of a curve that are enough to draw it: of every stretch its highest value and its lowest.

    Args:
        values: [N]; what is not finite counts as lowest.
        most: about how many rows to keep.

    Returns:
        Increasing rows, at most ``most`` of them when it is even; all of them when there are no more.
    """
    if len(values) <= most:
        return np.arange(len(values))
    kept = []
    for part in np.array_split(np.arange(len(values)), most // 2):
        heights = np.where(np.isfinite(values[part]), values[part], -np.inf)
        kept += [part[np.argmax(heights)], part[np.argmin(heights)]]
    return np.unique(np.array(kept, dtype=np.int64))


def _finish(axes: "Axes") -> None:
    axes.grid(alpha=0.3)
    if axes.get_legend_handles_labels()[1]:
        axes.legend(fontsize=9)


def _flat(values: ArrayLike) -> Floats:
    return np.asarray(values, dtype=np.float64).reshape(-1)


def _plain(values: Floats) -> list[float]:
    # Python's numbers are written in as few digits as bring them back exactly.
    plain: list[float] = values.tolist()
    return plain


def _pairs(name: str, first: ArrayLike, second: ArrayLike) -> tuple[Floats, Floats]:
    pair = _flat(first), _flat(second)
    if len(pair[0]) != len(pair[1]):
        raise ValueError(f"{name}: {len(pair[0])} values beside {len(pair[1])}")
    return pair


def _count(number: int, unit: str) -> str:
    return f"{number:,} {unit}" + ("" if number == 1 else "s")


def _share(found: int, total: int) -> tuple[float, float, float] | None:
    """Share and the ends of its 95 % interval; None of none."""
    if total == 0:
        return None
    share, z = found / total, 1.96
    middle = share + z * z / (2 * total)
    reach = z * math.sqrt(share * (1 - share) / total + z * z / (4 * total * total))
    scale = 1 + z * z / total
    return share, max(0.0, (middle - reach) / scale), min(1.0, (middle + reach) / scale)


def _bin_edges(values: Floats) -> Floats:
    """Bins over all values; 0 to 1 when that holds them, so that plots of calibrated scores can be compared."""
    low, high = (float(values.min()), float(values.max())) if len(values) else (0.0, 1.0)
    if low >= 0.0 and high <= 1.0:
        low, high = 0.0, 1.0
    elif low == high:
        low, high = low - 0.5, high + 0.5
    return np.linspace(low, high, _BINS + 1)
