"""Chamfer similarity: everything on one side meets what it resembles most on the other, and the mean of that counts.

Kordopatis-Zilos et al., "ViSiL: Fine-grained Spatio-Temporal Video Similarity Learning", ICCV 2019. Once over the
regions of two frames, once over the frames of two videos.
"""

from torch import Tensor


def chamfer(similarities: Tensor, own: int, other: int) -> Tensor:
    """Mean over one axis of the maximum over another.

    Args:
        similarities: floating, of any shape.
        own: axis over which the mean is taken.
        other: axis over which the maximum is taken.

    Returns:
        The tensor without these two axes.
    """
    return similarities.amax(other, keepdim=True).mean(own, keepdim=True).squeeze((own, other))


def symmetric_chamfer(similarities: Tensor, first: int, second: int) -> Tensor:
    """Mean of the Chamfer similarities of both directions; the axes are those of :func:`chamfer`."""
    return (chamfer(similarities, first, second) + chamfer(similarities, second, first)) / 2


def frame_similarities(query: Tensor, reference: Tensor, symmetric: bool = False) -> Tensor:
    """Similarity of every frame of one video with every frame of another.

    Args:
        query: region vectors, float [N, R, D].
        reference: float [M, R', D].
        symmetric: both directions count alike; else each region of the query meets its nearest in the reference.

    Returns:
        Float [N, M]. Takes N * R * M * R' numbers of memory.
    """
    frames, regions = len(reference), reference.shape[1]
    # Frames side by side: a maximum over an outer axis runs along memory, one over nine neighbours does not.
    by_region = reference.transpose(0, 1).reshape(regions * frames, -1)
    products = (query.flatten(0, 1) @ by_region.T).view(len(query), query.shape[1], regions, frames)
    return symmetric_chamfer(products, 1, 2) if symmetric else chamfer(products, 1, 2)
