"""The loss of ViSiL: copies above other videos, and a comparator that stays between -1 and 1 by itself.

Kordopatis-Zilos et al., "ViSiL: Fine-grained Spatio-Temporal Video Similarity Learning", ICCV 2019.
"""

import torch
from torch import Tensor


def triplet_loss(positive: Tensor, negative: Tensor, margin: float) -> Tensor:
    """max(0, negative - positive + margin) of each triplet; similarities of any equal shape."""
    return torch.relu(negative - positive + margin)


def similarity_regularisation(maps: Tensor) -> Tensor:
    """Sum of what lies below -1 and above 1, which clipping would cut off and with it the gradient; of any shape."""
    return torch.relu(-1 - maps).sum() + torch.relu(maps - 1).sum()
