import numpy as np
import pytest
import torch
from pytorch_metric_learning import losses
from torch import Tensor
from vdup.train.config.losses import (
    LOSSES,
    LossConfig,
    Miner,
    MultiSimilarityLossConfig,
    NTXentLossConfig,
    TripletLossConfig,
)
from vdup.train.config.triplet import Binarisation
from vdup.train.network.losses import MetricLoss, RelaxedHamming, relax

from vdup.errors import ConfigError
from vdup.types import CODE_BITS

LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])


def some_codes(seed: int = 0) -> Tensor:
    """Families that overlap, so that no loss is zero."""
    generator = torch.Generator().manual_seed(seed)
    centres = torch.randn((3, CODE_BITS), generator=generator)
    return torch.tanh(0.5 * centres[LABELS] + torch.randn((8, CODE_BITS), generator=generator))


def distance(a: Tensor, b: Tensor) -> float:
    return (1 - float(a @ b) / float(a.norm() * b.norm())) / 2


def naive_triplet(codes: Tensor, margin: float, miner: Miner) -> float:
    violations = []
    for anchor in range(len(codes)):
        near = {row: distance(codes[anchor], codes[row]) for row in range(len(codes)) if row != anchor}
        copies = [row for row in near if LABELS[row] == LABELS[anchor]]
        others = [row for row in near if LABELS[row] != LABELS[anchor]]
        if miner is not Miner.none:
            copies = [max(copies, key=lambda row: near[row])]
            if miner is Miner.semihard:
                others = [row for row in others if near[row] > near[copies[0]]]
            others = [min(others, key=lambda row: near[row])] if others else []
        violations += [near[copy] - near[other] + margin for copy in copies for other in others]
    positive = [violation for violation in violations if violation > 0]
    return sum(positive) / len(positive) if positive else 0.0


@pytest.mark.parametrize("miner", list(Miner))
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_triplets_against_loops(miner: Miner, seed: int) -> None:
    codes = some_codes(seed)
    loss = MetricLoss(TripletLossConfig(margin=0.3, miner=miner), memory=0)(codes, LABELS)
    assert float(loss) == pytest.approx(naive_triplet(codes, 0.3, miner), abs=1e-5)
    assert float(loss) > 0


def test_cross_entropy_of_pairs_against_loops() -> None:
    codes, temperature = some_codes(), 0.2
    terms = []
    for anchor in range(8):
        for copy in range(8):
            if copy == anchor or LABELS[copy] != LABELS[anchor]:
                continue
            rows = [copy, *(row for row in range(8) if LABELS[row] != LABELS[anchor])]
            scores = [np.exp((1 - 2 * distance(codes[anchor], codes[row])) / temperature) for row in rows]
            terms.append(-np.log(scores[0] / sum(scores)))
    loss = MetricLoss(NTXentLossConfig(temperature=temperature), memory=0)(codes, LABELS)
    assert float(loss) == pytest.approx(float(np.mean(terms)), rel=1e-4)


@pytest.mark.parametrize("memory", [0, 64])
def test_cross_entropy_equals_the_library_s_own_with_its_gradient(memory: int) -> None:
    results = []
    for own in (True, False):
        codes = some_codes().requires_grad_(True)
        loss = MetricLoss(NTXentLossConfig(temperature=0.2), memory)
        if not own:
            inner = losses.NTXentLoss(temperature=0.2)
            loss = losses.CrossBatchMemory(inner, CODE_BITS, memory) if memory else inner
        value = loss(codes, LABELS) + loss(codes + 0.1, LABELS)
        value.backward()
        results.append((value.detach(), codes.grad))
    torch.testing.assert_close(results[0], results[1], rtol=1e-4, atol=1e-6)


def test_multi_similarity_against_loops() -> None:
    codes, config = some_codes(), MultiSimilarityLossConfig(epsilon=-1)
    total = 0.0
    for anchor in range(8):
        cosines = {row: 1 - 2 * distance(codes[anchor], codes[row]) for row in range(8) if row != anchor}
        copies = sum(
            np.exp(-config.alpha * (cosine - config.base))
            for row, cosine in cosines.items()
            if LABELS[row] == LABELS[anchor]
        )
        others = sum(
            np.exp(config.beta * (cosine - config.base))
            for row, cosine in cosines.items()
            if LABELS[row] != LABELS[anchor]
        )
        total += np.log(1 + copies) / config.alpha + np.log(1 + others) / config.beta
    assert float(MetricLoss(config, memory=0)(codes, LABELS)) == pytest.approx(total / 8, rel=1e-4)


def test_distance_of_binary_codes_is_the_share_of_different_bits() -> None:
    codes = torch.where(some_codes() > 0, 1.0, -1.0)
    found = RelaxedHamming()(codes)
    for a in range(8):
        for b in range(8):
            differing = int((codes[a] != codes[b]).sum())
            assert float(found[a, b]) == pytest.approx(differing / CODE_BITS, abs=1e-6)
    pairs = RelaxedHamming().pairwise_distance(codes[:4] / 32, codes[4:] / 32)
    torch.testing.assert_close(pairs, found[torch.arange(4), torch.arange(4) + 4])


@pytest.mark.parametrize("config", [kind() for kind in LOSSES.values()], ids=list(LOSSES))
def test_copies_that_are_equal_and_others_that_are_opposite_cost_least(config: LossConfig) -> None:
    perfect = torch.zeros((8, CODE_BITS))
    for row, label in enumerate(LABELS.tolist()):
        perfect[row, label * 300 : (label + 1) * 300] = 1
    loss = MetricLoss(config, memory=0)
    assert float(loss(perfect, LABELS)) < 0.1 * float(loss(some_codes(), LABELS)) + 0.7


@pytest.mark.parametrize("config", [kind() for kind in LOSSES.values()], ids=list(LOSSES))
def test_memory_adds_earlier_codes_and_forgets_them(config: LossConfig) -> None:
    loss = MetricLoss(config, memory=16)
    alone = float(loss(some_codes(0), LABELS))
    # The same rows under other labels: non-copies that could not be nearer.
    with_memory = float(loss(some_codes(0) + 0.01 * some_codes(1), LABELS + 10))
    assert with_memory > alone + 1e-3
    loss.forget()
    assert float(loss(some_codes(0), LABELS)) == alone


def test_signs_pass_the_gradient_of_tanh() -> None:
    values = torch.tensor([[-2.0, -0.1, 0.0, 3.0]], requires_grad=True)
    codes = relax(values, Binarisation.straight_through)
    assert codes.tolist() == [[-1, -1, 1, 1]]
    codes.sum().backward()
    assert values.grad is not None
    torch.testing.assert_close(values.grad, 1 - torch.tanh(values.detach()) ** 2)


def test_other_relaxations() -> None:
    values = torch.tensor([[-2.0, 0.5]])
    torch.testing.assert_close(relax(values, Binarisation.tanh), torch.tanh(values))
    assert relax(values, Binarisation.none) is values


def test_unknown_losses_are_refused() -> None:
    with pytest.raises(TypeError, match="no loss is known for LossConfig"):
        MetricLoss(LossConfig(), memory=0)


@pytest.mark.parametrize(
    ("kind", "setting", "value"),
    [
        (TripletLossConfig, "margin", 0.0),
        (TripletLossConfig, "margin", 1.5),
        (NTXentLossConfig, "temperature", 0.0),
        (MultiSimilarityLossConfig, "alpha", 0.0),
        (MultiSimilarityLossConfig, "beta", -1.0),
        (MultiSimilarityLossConfig, "base", 2.0),
    ],
)
def test_impossible_settings(kind: type[LossConfig], setting: str, value: float) -> None:
    with pytest.raises(ConfigError, match=f"loss.{setting}={value} is not usable"):
        kind(**{setting: value})
