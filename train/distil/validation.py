"""How well the student imitates the teacher on pictures that it was not trained on."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from vdup.types import FloatArray, RowArray

from ..families.nearest import nearest_others
from ..loop.validation import Validation, validate
from .material import Material
from .student import Student

_AT_ONCE = 16
"""Families in one pass."""
_LEAST = 2
"""Fewest families: a single one has no neighbour."""


@dataclass(frozen=True)
class Imitation:
    """Results over held-out pictures."""

    cosine: float
    """Mean cosine of the student's vectors of all views with the teacher's of their originals."""
    neighbours: float
    """Share of the originals whose nearest other original is the same for both."""
    copies: Validation
    """How the student finds copies; codes are the signs of its vectors."""


class HeldOut:
    """Pictures kept out of training."""

    def __init__(self, material: Material, numbers: RowArray) -> None:
        """Takes the numbers of the families, int64, increasing.

        Raises:
            ValueError: there are fewer than two for one of the sizes.
        """
        self._material = material
        self._numbers = {side: material.present(numbers, side) for side in material.maps}
        for side, present in self._numbers.items():
            if len(present) < _LEAST:
                raise ValueError(f"{len(present)} pictures of {side} pixels are left for validation")

    def measure(self, student: Student, side_pixels: int) -> Imitation:
        """Runs the student, in evaluation mode, on pictures of the given side."""
        numbers = self._numbers[side_pixels]
        vectors = self._vectors(student, side_pixels)
        teacher: FloatArray = np.asarray(self._material.teacher[numbers], dtype=np.float32)
        return Imitation(
            float((vectors * teacher[:, None]).sum(axis=2).mean()),
            float((_nearest(vectors[:, 0]) == _nearest(teacher)).mean()),
            validate(vectors, tuple(self._material.edits[number] for number in numbers.tolist())),
        )

    def measure_teacher(self, vectors: NDArray[np.float16], side_pixels: int) -> Validation:
        """How the teacher itself finds the copies of :meth:`measure`.

        Args:
            vectors: of the teacher, float16 [M, 1 + V, T], of all views of what :meth:`scenes` names.
            side_pixels: side of the pictures.
        """
        numbers = self._numbers[side_pixels]
        return validate(
            np.asarray(vectors, dtype=np.float32), tuple(self._material.edits[number] for number in numbers.tolist())
        )

    def scenes(self, side_pixels: int) -> RowArray:
        """Photographs and videos that :meth:`measure` goes over, int64, increasing."""
        return np.unique(self._material.scenes[self._numbers[side_pixels]])

    @torch.no_grad()
    def _vectors(self, student: Student, side_pixels: int) -> FloatArray:
        student.eval()
        views = self._material.views
        numbers = self._numbers[side_pixels]
        parts: list[FloatArray] = []
        for first in range(0, len(numbers), _AT_ONCE):
            some = numbers[first : first + _AT_ONCE]
            maps, _ = self._material.batch(np.repeat(some, views), np.tile(np.arange(views), len(some)), side_pixels)
            found = student(maps.to(student.device))
            parts.append(found.float().cpu().numpy().reshape(len(some), views, -1))
        student.train()
        return np.concatenate(parts)


def _nearest(vectors: FloatArray) -> NDArray[np.int64]:
    return nearest_others(vectors.astype(np.float16), 1)
