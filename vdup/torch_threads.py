"""How many threads torch computes with, for what one Python thread calls."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def at_most_torch_threads(most: int) -> Iterator[None]:
    """Keeps what this Python thread computes inside the block to so many threads.

    Threads that share the work of one operation wait for one another at its end. Where another process needs the same
    core, they mostly wait. OpenMP keeps the number for each thread, so other threads of the program notice nothing.

    Raises:
        ValueError: ``most`` is below 1.
    """
    if most < 1:
        raise ValueError(f"most={most} must be 1 or more")
    before = torch.get_num_threads()
    torch.set_num_threads(min(before, most))
    try:
        yield
    finally:
        torch.set_num_threads(before)
