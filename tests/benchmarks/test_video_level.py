from pathlib import Path

import numpy as np
import pytest

from benchmarks.video_level import Maxima, _keep, _kept, chosen_queries, main, mean_average_precision, measure
from vdup.aggregation.aggregator import Aggregator
from vdup.datasets.segments import Segment


def test_queries_that_a_copy_fills_half_of() -> None:
    truth = [
        Segment("q1", "r1", 0, 5, 0, 5),
        Segment("q2", "r1", 0, 4, 0, 4),
        Segment("q2", "r2", 4, 8, 0, 4),
        Segment("q3", "r3", 1, 3, 0, 2),
        Segment("not there", "r3", 0, 9, 0, 9),
    ]
    assert chosen_queries(truth, {"q1": 10, "q2": 10, "q3": 3}) == {"q1": {"r1"}, "q3": {"r3"}}


def test_mean_average_precision_ranks_ties_against_the_query() -> None:
    similarities = np.array([[0.9, 0.8, 0.1], [0.5, 0.5, 0.1]], dtype=np.float32)
    found = mean_average_precision(similarities, [{"a", "c"}, {"b"}], ["a", "b", "c"])
    assert found == pytest.approx(((1 + 2 / 3) / 2 + 1 / 2) / 2)


def maxima() -> Maxima:
    rng = np.random.default_rng(0)
    means = rng.random((4, 1, 6), dtype=np.float32)
    references = {f"r{number}": mean + 0.01 * rng.random((5, 6), dtype=np.float32) for number, mean in enumerate(means)}
    queries = {f"q{number}": references[f"r{number}"][1:4] for number in range(4)}
    return Maxima(references, queries, dict.fromkeys(queries, 3.0))


def test_a_line_of_the_table() -> None:
    line = measure("mean", Aggregator({}, (2, 4)), maxima(), {"q1": {"r1"}, "q3": {"r3"}})
    assert (line.mean_ap, line.bytes_a_video) == (1.0, 12)
    assert line.milliseconds > 0


def test_maxima_are_kept(tmp_path: Path) -> None:
    made = maxima()
    _keep(tmp_path / "m.npz", made)
    found = _kept(tmp_path / "m.npz")
    assert found.seconds == made.seconds
    assert all(np.array_equal(found.references[name], rows) for name, rows in made.references.items())
    assert all(np.array_equal(found.queries[name], rows) for name, rows in made.queries.items())


def test_wrong_use(capsys: pytest.CaptureFixture[str]) -> None:
    assert main([]) == 2
    assert main(["root=x", "other=1"]) == 2
    assert "usage" in capsys.readouterr().err
