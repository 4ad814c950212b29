"""The triplet ranking loss on relaxed codes.

Lai et al. (CVPR 2015) take max(0, |F(v) - F(v+)|^2 - |F(v) - F(v-)|^2 + margin) with F between 0 and 1. Here F is a
tanh, between -1 and 1, and the distance is D(u, v) = |u - v|^2 / 4: the very same after a change of scale. For codes of
-1 and 1 it is the Hamming distance, so the margin counts bits.
"""

import torch
from torch import Tensor

from ..config.c3d_hash import Triplets


def relaxed_hamming(codes: Tensor) -> Tensor:
    """D(u, v) = |u - v|^2 / 4 of all pairs of relaxed codes, float [B, bits] to [B, B]; exact on -1 and 1."""
    squares = codes.square().sum(dim=1)
    return ((squares[:, None] + squares[None, :] - 2 * codes @ codes.T) / 4).clamp(min=0)


def triplet_ranking_loss(codes: Tensor, labels: Tensor, margin_bits: float, triplets: Triplets) -> Tensor:
    """max(0, D(v, v+) - D(v, v-) + margin) over triplets of a batch.

    Args:
        codes: relaxed codes, float [B, bits].
        labels: class of each, int64 [B].
        margin_bits: by how much a clip of another class must be farther.
        triplets: ``all``: the mean over those of all valid triplets that violate the margin (without them the mean
            would fade as most triplets come right); ``hard``: the mean over clips of the hardest triplet of each.

    Returns:
        A scalar; 0 when the batch has no valid triplet, or none violates the margin.
    """
    distances = relaxed_hamming(codes)
    same = labels[:, None] == labels[None, :]
    partners = same & ~torch.eye(len(labels), dtype=torch.bool, device=labels.device)
    if triplets is Triplets.hard:
        usable = partners.any(dim=1) & ~same.all(dim=1)
        farthest = distances.masked_fill(~partners, -torch.inf).amax(dim=1)
        nearest = distances.masked_fill(same, torch.inf).amin(dim=1)
        losses = (farthest - nearest)[usable] + margin_bits
        return losses.clamp(min=0).sum() / max(1, int(usable.sum()))
    # [v, v+, v-]: 120 clips, the published batch, make 1.7 million, which is 7 MB.
    losses = (distances[:, :, None] - distances[:, None, :] + margin_bits).clamp(min=0)
    losses = losses * (partners[:, :, None] & ~same[:, None, :])
    return losses.sum() / (losses > 0).sum().clamp(min=1)
