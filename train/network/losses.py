"""Metric losses over relaxed codes, from pytorch-metric-learning."""

from collections.abc import Callable

import torch
from pytorch_metric_learning import distances, losses, miners
from pytorch_metric_learning.reducers import AvgNonZeroReducer
from torch import Tensor, nn
from torch.nn.functional import softplus

from vdup.types import CODE_BITS

from ..config.losses import LossConfig, Miner, MultiSimilarityLossConfig, NTXentLossConfig, TripletLossConfig
from ..config.triplet import Binarisation

Pairs = tuple[Tensor, ...]


class RelaxedHamming(distances.BaseDistance):  # type: ignore[misc]
    """(1 - cosine) / 2. Of two vectors of -1 and 1 it is the share of places in which they differ."""

    def __init__(self) -> None:
        super().__init__(normalize_embeddings=True, is_inverted=False)

    def compute_mat(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
        """Distances [M, N] of unit vectors [M, D] and [N, D]."""
        return (1 - query_emb @ ref_emb.T) / 2

    def pairwise_distance(self, query_emb: Tensor, ref_emb: Tensor) -> Tensor:
        """Distances [N] of unit vectors [N, D], row by row."""
        return (1 - (query_emb * ref_emb).sum(dim=1)) / 2


class NTXentLoss(losses.NTXentLoss):  # type: ignore[misc]
    """NT-Xent from the matrix of similarities.

    The library's own form compares every positive pair with every negative pair of the batch, most of which have no
    row in common: 6 GB for 64 families of nine. The value is the same, and so is the name, by which the memory of
    earlier batches knows the losses that it goes with.
    """

    def __init__(self, temperature: float) -> None:
        super().__init__(temperature)
        self.loss_method = self.mat_based_loss

    def _compute_loss(self, mat: Tensor, pos_mask: Tensor, neg_mask: Tensor) -> dict[str, dict[str, object]]:
        """-log of the softmax of each positive among itself and its row's negatives."""
        logits = mat / self.temperature
        negatives = torch.logsumexp(logits.masked_fill(neg_mask == 0, -torch.inf), dim=1)
        rows, columns = torch.nonzero(pos_mask, as_tuple=True)
        found = negatives[rows] - logits[rows, columns]
        return {"loss": {"losses": softplus(found), "indices": (rows, columns), "reduction_type": "pos_pair"}}


class MetricLoss(nn.Module):
    """A loss with its miner and, when wanted, its memory of earlier batches.

    The memory is that of Wang et al., "Cross-batch memory for embedding learning", CVPR 2020.
    """

    def __init__(self, config: LossConfig, memory: int) -> None:
        """Builds the loss that the settings choose.

        Args:
            config: which loss.
            memory: codes of earlier batches that are compared too; 0: none.
        """
        super().__init__()
        self._loss, self._miner = _build(config)
        self._memory: losses.CrossBatchMemory | None = None
        if memory > 0:
            self._memory = losses.CrossBatchMemory(self._loss, CODE_BITS, memory, self._miner)

    def forget(self) -> None:
        """Empties the memory, as at the start of each epoch: a run that is resumed there needs none of it."""
        if self._memory is not None:
            self._memory.reset_queue()

    def forward(self, codes: Tensor, labels: Tensor) -> Tensor:
        """Loss of one batch.

        Args:
            codes: relaxed codes, float [B, 1024].
            labels: number of the family of each row, int64 [B].

        Returns:
            A scalar.
        """
        loss: Tensor
        if self._memory is not None:
            loss = self._memory(codes, labels)
        else:
            mined = None if self._miner is None else self._miner(codes, labels)
            loss = self._loss(codes, labels, mined)
        return loss


def relax(values: Tensor, binarisation: Binarisation) -> Tensor:
    """What stands for the code of ``values``, float [B, 1024], while gradients are taken."""
    match binarisation:
        case Binarisation.none:
            return values
        case Binarisation.tanh:
            return torch.tanh(values)
        case Binarisation.straight_through:
            soft = torch.tanh(values)
            signs = torch.where(values >= 0, 1.0, -1.0).to(values.dtype)
            # The value is that of the signs, the gradient that of tanh.
            return signs.detach() + (soft - soft.detach())


def _build(config: LossConfig) -> tuple[Callable[..., Tensor], Callable[[Tensor, Tensor], Pairs] | None]:
    match config:
        case TripletLossConfig():
            loss = losses.TripletMarginLoss(
                margin=config.margin, distance=RelaxedHamming(), reducer=AvgNonZeroReducer()
            )
            return loss, _triplet_miner(config.miner)
        case NTXentLossConfig():
            return NTXentLoss(config.temperature), None
        case MultiSimilarityLossConfig():
            miner = None if config.epsilon < 0 else miners.MultiSimilarityMiner(epsilon=config.epsilon)
            return losses.MultiSimilarityLoss(alpha=config.alpha, beta=config.beta, base=config.base), miner
    raise TypeError(f"no loss is known for {type(config).__name__}")


def _triplet_miner(choice: Miner) -> Callable[[Tensor, Tensor], Pairs] | None:
    miner: Callable[[Tensor, Tensor], Pairs] | None = None
    match choice:
        case Miner.none:
            pass
        case Miner.hard:
            miner = miners.BatchHardMiner(distance=RelaxedHamming())
        case Miner.semihard:
            miner = miners.BatchEasyHardMiner(pos_strategy="hard", neg_strategy="semihard", distance=RelaxedHamming())
    return miner
