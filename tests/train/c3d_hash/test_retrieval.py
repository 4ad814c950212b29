import numpy as np
import pytest
from numpy.typing import NDArray
from vdup.train.c3d_hash.retrieval import float_average_precisions, retrieve, retrieve_among_themselves


def in_plain_loops(
    query: NDArray[np.float32], label: int, database: NDArray[np.float32], labels: NDArray[np.int64]
) -> float:
    ranked = sorted(range(len(database)), key=lambda row: float(((database[row] - query) ** 2).sum()))
    found, total = 0, 0.0
    for place, row in enumerate(ranked, start=1):
        if labels[row] == label:
            found += 1
            total += found / place
    return total / found if found else 0.0


def test_average_precision_by_distance() -> None:
    rng = np.random.default_rng(0)
    queries, database = rng.normal(size=(6, 8)).astype(np.float32), rng.normal(size=(30, 8)).astype(np.float32)
    asked, labels = rng.integers(0, 4, 6), rng.integers(0, 3, 30)
    found = float_average_precisions(queries, database, asked, labels)
    expected = [in_plain_loops(query, label, database, labels) for query, label in zip(queries, asked, strict=True)]
    assert found == pytest.approx(expected)
    assert (found[asked == 3] == 0).all()


def test_tied_codes_count_as_the_mean_of_their_orders() -> None:
    # One code for all: of 2 in 4 places the mean over all six orders.
    values = np.ones((4, 16), np.float32)
    found = retrieve(values[:1], np.array([0]), values, np.array([0, 0, 1, 1]))
    orders = [(1 + 1), (1 + 2 / 3), (1 + 1 / 2), (1 / 2 + 2 / 3), (1 / 2 + 1 / 2), (1 / 3 + 1 / 2)]
    assert found.code_ap == pytest.approx(sum(orders) / 12)


def test_a_clip_does_not_find_itself() -> None:
    values = np.repeat(np.array([[-2.0], [2.0]], np.float32), 16, axis=1)
    assert retrieve_among_themselves(values, np.array([0, 1])).code_ap == 0
    doubled = np.repeat(values, 2, axis=0)
    found = retrieve_among_themselves(doubled, np.array([0, 0, 1, 1]))
    assert (found.code_ap, found.float_ap) == (1, 1)
