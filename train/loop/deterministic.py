"""Equal seeds, equal runs."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch

# A module whose attributes are properties, of which type checkers know nothing.
_settings: Any = torch.utils.deterministic


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """Has PyTorch sum in a fixed order on a CPU while the block runs.

    On a GPU some of what training uses has no such form; equal seeds give nearly equal runs there.
    """
    before = torch.are_deterministic_algorithms_enabled()
    filled = _settings.fill_uninitialized_memory
    torch.use_deterministic_algorithms(before or device.type == "cpu")
    # A help for debugging that writes over every new tensor.
    _settings.fill_uninitialized_memory = False
    try:
        yield
    finally:
        _settings.fill_uninitialized_memory = filled
        torch.use_deterministic_algorithms(before)
