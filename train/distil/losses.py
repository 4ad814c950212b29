"""What the student is held to: the teacher's vectors, the cosines between them, and finding copies.

Regression to the vectors of a teacher with the relations between pictures beside it: Park et al., "Relational knowledge
distillation", CVPR 2019. The copies' loss is NT-Xent of Chen et al., "SimCLR", ICML 2020, as in SSCD.
"""

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy


def vector_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean of one less the cosine.

    Args:
        student: unit vectors, float32 [B, D].
        teacher: unit vectors of the same pictures, float32 [B, D].

    Returns:
        Scalar, 0 to 2.
    """
    return (1 - (student * teacher).sum(dim=1)).mean()


def relation_loss(student: Tensor, teacher: Tensor) -> Tensor:
    """Mean squared difference of the cosines of all pairs of two different rows.

    Arguments are those of :func:`vector_loss`, with two rows or more; returns a scalar.
    """
    other = ~torch.eye(len(student), dtype=torch.bool, device=student.device)
    return ((student @ student.T - teacher @ teacher.T)[other] ** 2).mean()


def copy_loss(first: Tensor, second: Tensor, numbers: Tensor, temperature: float) -> Tensor:
    """Cross-entropy of finding the other view of each picture, both ways.

    Args:
        first: a view of each picture, unit vectors, float32 [P, D].
        second: another view of each, float32 [P, D].
        numbers: which picture each is, int64 [P]; one that occurs twice is no wrong answer to itself.
        temperature: what cosines are divided by.

    Returns:
        Scalar.
    """
    count = len(first)
    logits = first @ second.T / temperature
    again = (numbers[:, None] == numbers) & ~torch.eye(count, dtype=torch.bool, device=first.device)
    logits = logits.masked_fill(again, -torch.inf)
    own = torch.arange(count, device=first.device)
    return (cross_entropy(logits, own) + cross_entropy(logits.T, own)) / 2
