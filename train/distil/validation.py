"""How well the student imitates the teacher on pictures that it was not trained on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.types import FloatArray, RowArray

from ..loop.validation import Validation, validate
from .material import Material, nearest_others
from .student import Student

_AT_ONCE = 16
"""Families in one pass."""


@dataclass(frozen=True)
class Imitation:
    """Results over held-out pictures."""

    cosine: float
    """Mean cosine of student and teacher over all views."""
    neighbours: float
    """Share of the originals whose nearest other original is the same for both."""
    copies: Validation
    """How the student finds copies; codes are the signs of its vectors."""


class HeldOut:
    """Pictures kept out of training."""

    def __init__(self, material: Material, numbers: RowArray) -> None:
        """Takes the numbers of the families; two or more."""
        self._material = material
        self._numbers = numbers
        self._edits = tuple(material.edits[number] for number in numbers.tolist())
        self._teacher: FloatArray = np.asarray(material.teacher[numbers], dtype=np.float32)

    def measure(self, student: Student, side_pixels: int) -> Imitation:
        """Runs the student, in evaluation mode, on pictures of the given side."""
        vectors = self._vectors(student, side_pixels)
        return Imitation(
            float((vectors * self._teacher).sum(axis=2).mean()),
            float((_nearest(vectors) == _nearest(self._teacher)).mean()),
            validate(vectors, self._edits),
        )

    def measure_teacher(self) -> Validation:
        """How the teacher itself finds the copies."""
        return validate(self._teacher, self._edits)

    @torch.no_grad()
    def _vectors(self, student: Student, side_pixels: int) -> FloatArray:
        student.eval()
        views = self._teacher.shape[1]
        parts: list[FloatArray] = []
        for first in range(0, len(self._numbers), _AT_ONCE):
            some = self._numbers[first : first + _AT_ONCE]
            maps, _ = self._material.batch(np.repeat(some, views), np.tile(np.arange(views), len(some)), side_pixels)
            found = student(maps.to(student.device))
            parts.append(found.float().cpu().numpy().reshape(len(some), views, -1))
        student.train()
        return np.concatenate(parts)


def _nearest(vectors: FloatArray) -> NDArray[np.int64]:
    return nearest_others(vectors[:, 0].astype(np.float16), 1)
