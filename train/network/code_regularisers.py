"""Terms that make values good codes, whatever the metric loss: spread out, near -1 and 1, balanced, decorrelated."""

import torch
from torch import Tensor
from torch.nn.functional import normalize

_SMALLEST_DISTANCE = 1e-4
"""Keeps the logarithm finite where two pictures have the same code."""


def koleo(codes: Tensor, labels: Tensor) -> Tensor:
    """Negative differential entropy by nearest neighbours (Kozachenko and Leonenko), up to constants.

    -mean(log(distance to the nearest row of another family)) on the unit sphere; copies are no neighbours, as they
    should lie close. Sablayrolles et al., "Spreading vectors for similarity search", ICLR 2019; for copies: Pizzi et
    al., "A self-supervised descriptor for image copy detection", CVPR 2022.

    Args:
        codes: relaxed codes, float [B, D].
        labels: family of each row, int64 [B].

    Returns:
        A scalar; 0 when all rows are of one family.
    """
    units = normalize(codes, dim=1)
    own = labels[:, None] == labels[None, :]
    if bool(own.all()):
        return codes.sum() * 0
    with torch.no_grad():
        nearest = (units @ units.T).masked_fill(own, -2).argmax(dim=1)
    # index_select and not units[nearest]: its gradient is summed in a fixed order.
    squared = (units - units.index_select(0, nearest)).square().sum(dim=1)
    # Through the square: the root has no gradient at zero.
    return -0.5 * torch.log(squared + _SMALLEST_DISTANCE**2).mean()


def quantisation(values: Tensor) -> Tensor:
    """mean((|value| - 1)^2): how far values, float [B, D], are from what their signs say.

    Gong and Lazebnik, "Iterative quantization", CVPR 2011; as a loss: Liu et al., "Deep supervised hashing", CVPR 2016.
    """
    return (values.abs() - 1).square().mean()


def balance(codes: Tensor) -> Tensor:
    """Mean over bits of the squared mean of each bit, of relaxed codes, float [B, D]: 0 when each is on half the time.

    Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015.
    """
    return codes.mean(dim=0).square().mean()


def decorrelation(codes: Tensor) -> Tensor:
    """Mean of the squared products of two different bits, averaged over rows, of relaxed codes, float [B, D].

    The off-diagonal part of |C^T C / B - I|^2: two bits that agree or disagree on every row give 1, independent ones
    about 1 / B. Liong et al., "Deep hashing for compact binary codes learning", CVPR 2015.

    Raises:
        ValueError: there are fewer than two bits.
    """
    rows, bits = codes.shape
    if bits < 2:
        raise ValueError(f"codes of {bits} bits have no pairs of bits")
    products = codes.T @ codes / rows
    total = products.square().sum() - products.diagonal().square().sum()
    return total / (bits * (bits - 1))
