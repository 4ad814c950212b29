import csv
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from vdup.report.plots import (
    peaks,
    plot_error_over_offset,
    plot_precision_recall,
    plot_recall_by_group,
    plot_score_histogram,
    plot_score_over_offset,
)


def rows(path: Path) -> list[list[str]]:
    return list(csv.reader(path.with_suffix(".csv").read_text().splitlines()))


def test_precision_recall(tmp_path: Path) -> None:
    path = tmp_path / "pr.png"
    plot_precision_recall(path, {"a": ([0.5, 1.0], np.array([1.0, 0.75])), "b": ([], [])})
    assert rows(path) == [["curve", "recall", "precision"], ["a", "0.5", "1.0"], ["a", "1.0", "0.75"]]
    with pytest.raises(ValueError, match="a: 1 values beside 2"):
        plot_precision_recall(path, {"a": ([0.5], [1.0, 0.5])})


def test_recall_by_group(tmp_path: Path) -> None:
    path = tmp_path / "groups.png"
    plot_recall_by_group(path, {"mirrored": (8, 10), "crop": (0, 0)})
    header, mirrored, crop = rows(path)
    assert header == ["group", "found", "total", "recall", "low", "high"]
    assert mirrored[:4] == ["mirrored", "8", "10", "0.8"]
    assert crop == ["crop", "0", "0", "", "", ""]
    # The interval's ends are the shares p with (0.8 - p)^2 = z^2 p (1 - p) / 10.
    for end in map(float, mirrored[4:]):
        assert (0.8 - end) ** 2 == pytest.approx(1.96**2 * end * (1 - end) / 10)
    assert float(mirrored[4]) < 0.8 < float(mirrored[5])
    with pytest.raises(ValueError, match="3 found of 2"):
        plot_recall_by_group(path, {"crop": (3, 2)})


@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-2.0, 0.5)])
def test_histogram_counts_every_finite_score(low: float, high: float, tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    copies, others = random.uniform(low, high, 30), random.uniform(low, high, 500)
    path = tmp_path / "scores.png"
    plot_score_histogram(path, copies, [*others, math.nan, -math.inf])
    header, *bins = rows(path)
    assert header == ["from", "to", "copies", "others"]
    for scores, column in ((copies, 2), (others, 3)):
        for row in bins[:-1]:  # the last bin holds its upper end as well
            inside = sum(float(row[0]) <= score < float(row[1]) for score in scores)
            assert int(row[column]) == inside
        assert sum(int(row[column]) for row in bins) == len(scores)


def test_error_over_offset(tmp_path: Path) -> None:
    path = tmp_path / "errors.png"
    plot_error_over_offset(path, [-3.5, 2.0], [0.25, math.inf])
    assert rows(path) == [["offset_seconds", "error_seconds"], ["-3.5", "0.25"], ["2.0", "inf"]]


def test_score_over_offset_keeps_every_number(tmp_path: Path) -> None:
    offsets = np.arange(-3000, 3001) / 10
    scores = np.sin(offsets)
    path = tmp_path / "scores.png"
    plot_score_over_offset(path, offsets, scores, 1.5)
    header, *numbers = rows(path)
    assert header == ["offset_seconds", "score"]
    assert np.array_equal(np.array(numbers, dtype=float), np.stack((offsets, scores), axis=1))


@pytest.mark.parametrize(
    "plot",
    [
        lambda path: plot_precision_recall(path, {}),
        lambda path: plot_precision_recall(path, {str(number): ([0.5], [0.5]) for number in range(20)}),
        lambda path: plot_recall_by_group(path, {}),
        lambda path: plot_recall_by_group(path, {str(number): (number, 60) for number in range(60)}),
        lambda path: plot_score_histogram(path, [], []),
        lambda path: plot_score_histogram(path, [3.0], [math.nan]),
        lambda path: plot_error_over_offset(path, [], []),
        lambda path: plot_error_over_offset(path, [0.0], [0.0]),
        lambda path: plot_score_over_offset(path, [], []),
        lambda path: plot_score_over_offset(path, [0.0], [math.nan], 0.0),
    ],
)
def test_any_number_of_points_makes_a_picture(plot: Callable[[Path], list[Path]], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    path = tmp_path / "p.png"
    assert plot(path) == [path, path.with_suffix(".csv")]
    assert path.read_bytes().startswith(b"\x89PNG")


def test_thinned_curves_keep_their_extremes() -> None:
    values = np.random.default_rng(0).standard_normal(10_001)
    values[[17, 9000]] = 50.0, -60.0
    values[5] = math.nan
    kept = peaks(values, 200)
    assert len(kept) <= 200
    assert {17, 9000} <= set(kept.tolist())
    assert (np.diff(kept) > 0).all()
    assert peaks(values[:3], 200).tolist() == [0, 1, 2]
