"""Equal seeds, equal runs."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Has PyTorch sum in a fixed order on a CPU while the block runs.

    On a GPU some of what training uses has no such form; equal seeds give nearly equal runs there.
    """
    before = torch.are_deterministic_algorithms_enabled()
    torch.use_deterministic_algorithms(before or device.type == "cpu")
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before)
