"""The loss of LAMV: at the true offset a pair must score higher than anywhere else and than any other pair.

Source: Baraldi et al., "LAMV: Learning to Align and Match Videos with Kernelized Temporal Layers", CVPR 2018, which
minimises a triplet loss over temporal proposals, for localisation and for recognition together.
"""

from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class AlignmentLoss:
    """The loss and its two terms, each a scalar."""

    total: Tensor
    localisation: Tensor
    recognition: Tensor


def alignment_loss(
    true: Tensor,
    matched: Tensor,
    far: Tensor,
    others: Tensor,
    overlapping: Tensor,
    *,
    margin: float,
    proposals: int,
    recognition_weight: float,
) -> AlignmentLoss:
    """Triplet loss over temporal proposals.

    With S(a, b, s) the score of an excerpt a in a video b at the offset s, s* the true offset, c another video, and
    P(b) the up to ``proposals`` highest local maxima of S(a, b, .) over the offsets, those near s* left out for the
    right video, an alignment costs

        ``mean over s in P(b) of max(0, margin - S(a, b, s*) + S(a, b, s))  (localisation)
        + weight * mean over s in P(c) of max(0, margin - S(a, b, s*) + S(a, c, s))  (recognition)``

    and the loss is the mean over the alignments. The paper names the two aims and the proposals; the number of
    proposals, the margin and the weight are settings here.

    Args:
        true: S(a, b, s*), [B].
        matched: S(a, b, .) on a grid of offsets, [B, G].
        far: grid offsets that count as wrong, bool [B, G].
        others: S(a, c, .) on the grid, [B, G].
        overlapping: grid offsets at which the videos overlap, bool [B, G].
        margin: see above.
        proposals: see above.
        recognition_weight: see above.
    """
    localisation = _hinge(true, matched, far & overlapping, margin, proposals)
    recognition = _hinge(true, others, overlapping, margin, proposals)
    return AlignmentLoss(localisation + recognition_weight * recognition, localisation, recognition)


def temporal_proposals(scores: Tensor, allowed: Tensor, most: int) -> tuple[Tensor, Tensor]:
    """The highest local maxima of scores over offsets.

    An offset is a maximum when no allowed neighbour on the grid scores higher. Where offsets near the true one are not
    allowed, the first ones behind them are maxima, too: lowering these is what makes the peak sharp.

    Args:
        scores: [B, G].
        allowed: where maxima are looked for, bool [B, G].
        most: number of maxima.

    Returns:
        Their places, int64 [B, P] with P = min(most, G), and whether there is one at all, bool [B, P].
    """
    beyond = scores.new_full((len(scores), 1), -torch.inf)
    known = torch.where(allowed, scores.detach(), -torch.inf)
    padded = torch.cat((beyond, known, beyond), dim=1)
    is_maximum = (known >= padded[:, :-2]) & (known >= padded[:, 2:])
    ranked = torch.where(is_maximum, known, -torch.inf)
    values, places = ranked.topk(min(most, scores.shape[1]), dim=1)
    return places, values > -torch.inf


def _hinge(true: Tensor, scores: Tensor, allowed: Tensor, margin: float, most: int) -> Tensor:
    places, present = temporal_proposals(scores, allowed, most)
    excess = (margin - true[:, None] + scores.gather(1, places)).clamp(min=0)
    counts = present.sum(dim=1).clamp(min=1)
    return (torch.where(present, excess, 0.0).sum(dim=1) / counts).mean()
