"""Sources of training families that worker processes can import."""

import multiprocessing
import os
import signal
import sys
from dataclasses import dataclass
from multiprocessing.process import BaseProcess

import numpy as np
from vdup.train.families.pictures import Family, UnreadableError

SIDE, VIEWS = 6, 2


@dataclass(frozen=True)
class NumberedFamilies:
    """Parts whose pictures are random but for the first pixel, which is the number of the part."""

    parts: int
    per_part: int = 1
    unreadable: tuple[int, ...] = ()
    deadly: tuple[int, ...] = ()
    failing: tuple[int, ...] = ()

    @property
    def digest(self) -> str:
        return repr(self)

    def __len__(self) -> int:
        return self.parts

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        if number in self.unreadable:
            raise UnreadableError(f"part{number}", "not a picture")
        if number in self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        if number in self.failing:
            raise ZeroDivisionError("a fault of the program")
        rng = np.random.default_rng([epoch, number])
        families = []
        for place in range(self.per_part):
            images = rng.integers(0, 256, (1 + VIEWS, SIDE, SIDE, 3), np.uint8)
            images[:, 0, 0, 0] = number
            images[:, 0, 0, 1] = place
            families.append(Family(images, ("", *(f"edit{view}" for view in range(VIEWS))), number))
        return families


class ModulesOfWorkers:
    """Names, as edits, which of some modules its process has loaded."""

    digest = "modules"

    def __init__(self, *names: str) -> None:
        self.names = names

    def __len__(self) -> int:
        return 1

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        return [Family(np.zeros((1, 1, 1, 3), np.uint8), tuple(name for name in self.names if name in sys.modules), 0)]


def family_processes() -> list[BaseProcess]:
    """Processes of this one that make families."""
    return [child for child in multiprocessing.active_children() if child.name == "vdup-families"]
