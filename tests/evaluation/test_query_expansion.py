from collections.abc import Sequence

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.evaluation.query_expansion import Averaging, Expansion, ExpansionRule, consistent_half, expanded_scores

Signal = NDArray[np.float64]
LENGTH = 16


class CircularSpace:
    """Descriptors that keep time: signals on a circle, compared by their correlation at all offsets."""

    def compare(self, query: Signal, references: Sequence[Signal]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        offsets = np.arange(-LENGTH // 2, LENGTH // 2)
        scores = np.array(
            [[float(query @ np.roll(reference, -offset)) for offset in offsets] for reference in references]
        )
        best = scores.argmax(axis=1)
        return scores.max(axis=1), offsets[best].astype(np.float64)

    def shift(self, descriptor: Signal, offset: float) -> Signal:
        return np.roll(descriptor, -int(offset))

    def weighted_sum(self, descriptors: Sequence[Signal], weights: Sequence[float]) -> Signal:
        total = np.zeros(LENGTH)
        for weight, signal in zip(weights, descriptors, strict=True):
            total += weight * signal
        return total


SPACE = CircularSpace()


def database(seed: int, count: int) -> list[Signal]:
    return list(np.random.default_rng(seed).normal(size=(count, LENGTH)))


def naive(query: Signal, others: list[Signal], rule: ExpansionRule) -> list[float]:
    """Every step in loops."""

    def best(a: Signal, b: Signal) -> tuple[float, int]:
        found = (-np.inf, 0)
        for offset in range(-LENGTH // 2, LENGTH // 2):
            score = sum(a[t] * b[(t + offset) % LENGTH] for t in range(LENGTH))
            if score > found[0] + 1e-12:
                found = (score, offset)
        return float(found[0]), found[1]

    def moved(signal: Signal, offset: int) -> list[float]:
        return [signal[(t + offset) % LENGTH] for t in range(LENGTH)]

    firsts = [best(query, other) for other in others]
    order = sorted(range(len(others)), key=lambda index: (-firsts[index][0], index))
    near = order[: rule.nearest]
    if rule.temporal_consistency:
        doubt = dict.fromkeys(near, 0.0)
        for a in near:
            for b in near:
                if near.index(a) < near.index(b):
                    wrong = abs(best(others[a], others[b])[1] - (firsts[b][1] - firsts[a][1]))
                    doubt[a] += wrong
                    doubt[b] += wrong
        near = sorted(near, key=lambda index: (doubt[index], near.index(index)))[: max(1, len(near) // 2)]
    divisor = 1 + (rule.nearest if rule.averaging is Averaging.fixed else len(near))
    expanded = [
        (query[t] + sum(moved(others[index], firsts[index][1])[t] for index in near)) / divisor for t in range(LENGTH)
    ]
    if rule.expansion is Expansion.don:
        wide = order[: rule.neighbourhood]
        for t in range(LENGTH):
            for index in wide:
                offset = firsts[index][1] if rule.moved_neighbourhood else 0
                expanded[t] -= moved(others[index], offset)[t] / len(wide)
    return [best(np.array(expanded), other)[0] for other in others]


@pytest.mark.parametrize(
    "rule",
    [
        ExpansionRule(nearest=3),
        ExpansionRule(nearest=4, temporal_consistency=True),
        ExpansionRule(nearest=4, temporal_consistency=True, averaging=Averaging.fixed),
        ExpansionRule(nearest=2, neighbourhood=6, expansion=Expansion.don),
        ExpansionRule(nearest=2, neighbourhood=6, expansion=Expansion.don, moved_neighbourhood=True),
        ExpansionRule(nearest=50, neighbourhood=50, expansion=Expansion.don),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_equals_the_naive_form(rule: ExpansionRule, seed: int) -> None:
    query, *others = database(seed, 9)
    np.testing.assert_allclose(expanded_scores(SPACE, query, others, rule), naive(query, others, rule), atol=1e-9)


def test_by_hand() -> None:
    """The neighbour lies 3 later; moved back and averaged, the query has its second peak at 5."""
    query, neighbour, far = np.zeros(LENGTH), np.zeros(LENGTH), np.zeros(LENGTH)
    query[2] = 2
    neighbour[[5, 8]] = 2, 1
    far[5] = 1
    scores = expanded_scores(SPACE, query, [far, neighbour], ExpansionRule(nearest=1))
    # Expanded: (2 + 2) / 2 at 2 and 1 / 2 at 5. Against the neighbour 2 * 2 + .5 * 1, against the other 2 * 1.
    np.testing.assert_allclose(scores, [2.0, 4.5], atol=1e-12)


def test_consistency_throws_out_the_one_that_disagrees() -> None:
    """Three copies of one signal whose offsets fit, and one whose offset to the query is off by 4."""
    signal = database(5, 1)[0]
    copies = [np.roll(signal, shift) for shift in (0, 1, 2, 3)]
    kept = consistent_half(SPACE, copies, [0.0, 5.0, 2.0, 3.0])
    assert kept.offsets == [0.0, 2.0]
    assert consistent_half(SPACE, copies[:1], [0.0]).offsets == [0.0]


def test_wrong_numbers() -> None:
    with pytest.raises(ValueError, match="N1 and N2"):
        ExpansionRule(nearest=0)
