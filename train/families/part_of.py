"""Some of the families of a source, or the originals alone."""

import hashlib

import numpy as np

from vdup.types import RowArray

from .pictures import Family, FamilySource


class Originals:
    """The families of a source without their copies."""

    def __init__(self, source: FamilySource) -> None:
        self._source = source

    @property
    def digest(self) -> str:
        """See :attr:`FamilySource.digest`."""
        return hashlib.sha256(f"originals {self._source.digest}".encode()).hexdigest()

    def __len__(self) -> int:
        return len(self._source)

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`FamilySource.load`."""
        families = self._source.load(number, epoch)
        return [Family(family.images[:1], family.edits[:1], family.scene) for family in families]


class Chosen:
    """Some parts of a source; families keep the scenes that they have there.

    Args:
        source: all parts.
        numbers: of the parts to be had, int64, increasing.
    """

    def __init__(self, source: FamilySource, numbers: RowArray) -> None:
        self._source = source
        self._numbers = np.asarray(numbers, dtype=np.int64)

    @property
    def digest(self) -> str:
        """See :attr:`FamilySource.digest`."""
        return hashlib.sha256(self._source.digest.encode() + self._numbers.tobytes()).hexdigest()

    def __len__(self) -> int:
        return len(self._numbers)

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`FamilySource.load`."""
        return self._source.load(int(self._numbers[number]), epoch)
