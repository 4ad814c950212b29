"""The triplet loss over the Euclidean distances of unit vectors."""

import torch
from torch import Tensor


def triplet_loss(embeddings: Tensor, same: Tensor, different: Tensor, margin: float) -> Tensor:
    """max(0, D(v, v+) - D(v, v-) + margin), v- the nearest video that is no duplicate of v.

    Kordopatis-Zilos et al., "Near-duplicate video retrieval with deep metric learning", ICCV Workshops 2017. For every
    pair of duplicates the hardest negative of the batch is taken (Hermans et al. 2017).

    Args:
        embeddings: unit vectors, float32 [B, E].
        same: pairs of duplicates, bool [B, B]; the diagonal does not count.
        different: pairs that are known to be none, bool [B, B].
        margin: by how much a duplicate must be nearer.

    Returns:
        Mean over the triplets above zero; 0 when there are none.
    """
    squares = (2 - 2 * embeddings @ embeddings.T).clamp(min=0)
    # The root has no slope at 0.
    distances = torch.sqrt(squares + 1e-12)
    nearest = torch.where(different, distances, torch.inf).amin(dim=1)
    pairs = same & ~torch.eye(len(embeddings), dtype=torch.bool, device=embeddings.device)
    pairs = pairs & torch.isfinite(nearest)[:, None]
    violations = (distances - nearest[:, None] + margin)[pairs].clamp(min=0)
    active = violations > 0
    return violations[active].mean() if bool(active.any()) else violations.sum() * 0
