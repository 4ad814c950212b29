import pytest
import torch
from torch import Tensor
from vdup.train.lamv.loss import alignment_loss, temporal_proposals

FALSE, TRUE = False, True


class TestTemporalProposals:
    def test_are_the_highest_local_maxima(self) -> None:
        scores = torch.tensor([[5.0, 1.0, 2.0, 1.0, 4.0, 6.0, 3.0, 3.5]])
        places, present = temporal_proposals(scores, torch.ones(1, 8, dtype=torch.bool), 3)
        assert places.tolist() == [[5, 0, 7]]
        assert present.all()

    def test_the_slope_beside_a_forbidden_peak_is_one(self) -> None:
        scores = torch.tensor([[1.0, 2.0, 9.0, 8.0, 1.0, 3.0]])
        allowed = torch.tensor([[TRUE, TRUE, FALSE, TRUE, TRUE, TRUE]])
        places, present = temporal_proposals(scores, allowed, 4)
        assert places[0, :3].tolist() == [3, 5, 1]
        assert present.tolist() == [[TRUE, TRUE, TRUE, FALSE]]

    def test_there_may_be_fewer_offsets_than_asked_for(self) -> None:
        places, present = temporal_proposals(torch.tensor([[1.0, 2.0]]), torch.ones(1, 2, dtype=torch.bool), 8)
        assert places.shape == present.shape == (1, 2)
        assert present.sum() == 1


def naive_loss(
    true: list[float],
    matched: list[list[float]],
    far: list[list[bool]],
    others: list[list[float]],
    overlapping: list[list[bool]],
    margin: float,
    most: int,
) -> tuple[float, float]:
    """Localisation and recognition by plain loops."""

    def maxima(scores: list[float], allowed: list[bool]) -> list[float]:
        found = []
        for place, score in enumerate(scores):
            beside = [other for other in (place - 1, place + 1) if 0 <= other < len(scores) and allowed[other]]
            neighbours = [scores[other] for other in beside]
            if allowed[place] and all(score >= neighbour for neighbour in neighbours):
                found.append(score)
        return sorted(found, reverse=True)[:most]

    totals = [0.0, 0.0]
    for row in range(len(true)):
        right = [a and b for a, b in zip(far[row], overlapping[row], strict=True)]
        for term, found in enumerate((maxima(matched[row], right), maxima(others[row], overlapping[row]))):
            if found:
                totals[term] += sum(max(0.0, margin - true[row] + score) for score in found) / len(found) / len(true)
    return totals[0], totals[1]


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [1, 3])
def test_equals_plain_loops(seed: int, most: int) -> None:
    generator = torch.Generator().manual_seed(seed)

    def drawn(*shape: int) -> Tensor:
        return torch.rand(*shape, generator=generator, dtype=torch.float64)

    true, matched, others = drawn(5), drawn(5, 12), drawn(5, 12)
    far, overlapping = drawn(5, 12) > 0.3, drawn(5, 12) > 0.2
    loss = alignment_loss(true, matched, far, others, overlapping, margin=0.3, proposals=most, recognition_weight=0.5)
    localisation, recognition = naive_loss(
        true.tolist(), matched.tolist(), far.tolist(), others.tolist(), overlapping.tolist(), 0.3, most
    )
    assert float(loss.localisation) == pytest.approx(localisation, rel=1e-9)
    assert float(loss.recognition) == pytest.approx(recognition, rel=1e-9)
    assert float(loss.total) == pytest.approx(localisation + 0.5 * recognition, rel=1e-9)


def test_what_is_well_apart_costs_nothing() -> None:
    matched = torch.tensor([[0.1, 0.9, 0.1, 0.2]])
    far = torch.tensor([[TRUE, FALSE, TRUE, TRUE]])
    everywhere = torch.ones(1, 4, dtype=torch.bool)
    loss = alignment_loss(
        torch.tensor([0.9]), matched, far, matched * 0.1, everywhere, margin=0.1, proposals=2, recognition_weight=1.0
    )
    assert float(loss.total) == 0


def test_gradients_raise_the_true_score_and_lower_the_wrong_maxima() -> None:
    true = torch.tensor([0.5], requires_grad=True)
    matched = torch.tensor([[0.1, 0.45, 0.1, 0.6, 0.2]], requires_grad=True)
    others = torch.full((1, 5), -1.0, requires_grad=True)
    everywhere = torch.ones(1, 5, dtype=torch.bool)
    loss = alignment_loss(
        true, matched, everywhere, others, everywhere, margin=0.1, proposals=2, recognition_weight=1.0
    )
    slopes = torch.autograd.grad(loss.total, (true, matched))
    assert slopes[0].tolist() == [-1.0]
    assert slopes[1].tolist() == [[0.0, 0.5, 0.0, 0.5, 0.0]]


def test_no_proposals_cost_nothing() -> None:
    nowhere = torch.zeros(1, 3, dtype=torch.bool)
    scores = torch.ones(1, 3, requires_grad=True)
    loss = alignment_loss(
        torch.zeros(1), scores, nowhere, scores, nowhere, margin=1.0, proposals=2, recognition_weight=1.0
    )
    assert float(loss.total.detach()) == 0
