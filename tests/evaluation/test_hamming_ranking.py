from itertools import permutations

import numpy as np
import pytest

from vdup.evaluation.hamming_ranking import Ties, hamming_average_precisions


def codes(seed: int, count: int, bits: int) -> np.ndarray[tuple[int, int], np.dtype[np.uint8]]:
    return np.packbits(np.random.default_rng(seed).integers(0, 2, (count, bits), dtype=np.uint8), axis=1)


def average_precision(flags: list[bool]) -> float:
    total, found = 0.0, 0
    for place, flag in enumerate(flags, 1):
        if flag:
            found += 1
            total += found / place
    return total / found if found else 0.0


def distance(a: np.ndarray[tuple[int], np.dtype[np.uint8]], b: np.ndarray[tuple[int], np.dtype[np.uint8]]) -> int:
    return sum(bin(int(x) ^ int(y)).count("1") for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("seed", range(15))
def test_expectation_is_the_mean_over_all_orders(seed: int) -> None:
    """Of the 7! orders of the database, each ranked by a stable sort."""
    query, database = codes(seed, 1, 8), codes(seed + 100, 7, 8)
    database &= 0b11  # few distances, many ties
    labels = np.random.default_rng(seed + 200).integers(0, 2, 7)
    items = [(distance(query[0], code), bool(label == 1)) for code, label in zip(database, labels, strict=True)]
    values = [
        average_precision([flag for _, flag in sorted(order, key=lambda item: item[0])])
        for order in permutations(items)
    ]
    found = hamming_average_precisions(query, database, np.array([1]), labels)
    assert found[0] == pytest.approx(sum(values) / len(values), abs=1e-9)


@pytest.mark.parametrize("seed", range(15))
def test_database_order_is_a_stable_sort(seed: int) -> None:
    queries, database = codes(seed, 4, 16), codes(seed + 100, 30, 16)
    source = np.random.default_rng(seed + 200)
    query_labels, labels = source.integers(0, 4, 4), source.integers(0, 4, 30)
    found = hamming_average_precisions(queries, database, query_labels, labels, Ties.database_order)
    for number, query in enumerate(queries):
        order = sorted(range(30), key=lambda row: (distance(query, database[row]), row))
        expected = average_precision([bool(labels[row] == query_labels[number]) for row in order])
        assert found[number] == pytest.approx(expected, abs=1e-9)


def test_without_ties_both_rules_agree() -> None:
    query = np.zeros((1, 1), dtype=np.uint8)
    database = np.array([[0b1], [0b11], [0b111], [0b1111]], dtype=np.uint8)
    labels = np.array([5, 1, 5, 1])
    for ties in Ties:
        found = hamming_average_precisions(query, database, np.array([5]), labels, ties)
        assert found[0] == pytest.approx((1 + 2 / 3) / 2, abs=1e-12)


def test_by_hand() -> None:
    """One of two tied items is relevant: 1 or 1/2, in the mean 3/4; all tied and all relevant: 1."""
    query, database = np.zeros((1, 1), dtype=np.uint8), np.ones((2, 1), dtype=np.uint8)
    assert hamming_average_precisions(query, database, np.array([1]), np.array([0, 1]))[0] == pytest.approx(0.75)
    assert hamming_average_precisions(query, database, np.array([1]), np.array([1, 1]))[0] == pytest.approx(1.0)
    in_order = hamming_average_precisions(query, database, np.array([1]), np.array([0, 1]), Ties.database_order)
    assert in_order[0] == pytest.approx(0.5)


def test_nothing_relevant_counts_zero() -> None:
    for ties in Ties:
        assert hamming_average_precisions(codes(0, 1, 8), codes(1, 3, 8), np.array([9]), np.zeros(3, int), ties)[0] == 0
    empty = np.zeros((0, 1), dtype=np.uint8)
    assert hamming_average_precisions(codes(0, 1, 8), empty, np.array([9]), np.zeros(0, int))[0] == 0
    assert hamming_average_precisions(empty, codes(0, 1, 8), np.zeros(0, int), np.array([9])).shape == (0,)


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="cannot be compared"):
        hamming_average_precisions(codes(0, 1, 8), codes(0, 1, 16), np.array([0]), np.array([0]))
    with pytest.raises(ValueError, match="one label"):
        hamming_average_precisions(codes(0, 1, 8), codes(0, 1, 8), np.array([0]), np.array([0, 1]))
