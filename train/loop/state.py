"""What a loop keeps between two epochs, as named tensors, and the optimiser that all loops use."""

import math
from collections.abc import Iterable, Mapping

import torch
from torch import Tensor, nn

from vdup.errors import VdupError


def adamw(
    parts: Iterable[tuple[nn.Module | None, float]], weight_decay: float
) -> tuple[torch.optim.AdamW, list[float]]:
    """AdamW (Loshchilov and Hutter, ICLR 2019) over what can be trained of some modules; vectors are not decayed.

    Args:
        parts: modules with their highest learning rates; none is left out.
        weight_decay: of matrices and kernels.

    Returns:
        The optimiser, and the highest learning rate of each of its groups.
    """
    groups: list[dict[str, object]] = []
    rates: list[float] = []
    for part, rate in parts:
        parameters = [] if part is None else [one for one in part.parameters() if one.requires_grad]
        for decayed in (True, False):
            chosen = [one for one in parameters if (one.ndim > 1) is decayed]
            if chosen:
                groups.append({"params": chosen, "weight_decay": weight_decay if decayed else 0.0})
                rates.append(rate)
    return torch.optim.AdamW(groups), rates


def schedule(step: int, steps: int, warmup: float) -> float:
    """Share of the highest learning rate at a step, 0 being the first of ``steps``; ``warmup`` is a share of them.

    Linear warm-up, then half a cosine down to zero (Loshchilov and Hutter, "SGDR", ICLR 2017).
    """
    rising = round(warmup * steps)
    if step < rising:
        return (step + 1) / rising
    return 0.5 * (1 + math.cos(math.pi * (step - rising) / max(1, steps - rising)))


def named_state(model: nn.Module, best: Mapping[str, Tensor], optimiser: torch.optim.Optimizer) -> dict[str, Tensor]:
    """Tensors of a checkpoint: the weights now, those of the best epoch, and the optimiser's."""
    tensors = {f"model.{name}": tensor for name, tensor in model.state_dict().items()}
    tensors |= {f"best.{name}": tensor for name, tensor in best.items()}
    for number, moments in optimiser.state_dict()["state"].items():
        tensors |= {f"optimiser.{number}.{name}": torch.as_tensor(value) for name, value in moments.items()}
    return tensors


def restore_state(
    tensors: Mapping[str, Tensor], model: nn.Module, optimiser: torch.optim.Optimizer
) -> dict[str, Tensor]:
    """Puts back what :func:`named_state` gave.

    Returns:
        The weights of the best epoch.

    Raises:
        VdupError: the tensors are of another model.
    """
    parts: dict[str, dict[str, Tensor]] = {"model": {}, "best": {}, "optimiser": {}}
    for name, tensor in tensors.items():
        owner, _, rest = name.partition(".")
        parts.setdefault(owner, {})[rest] = tensor
    moments: dict[int, dict[str, Tensor]] = {}
    for name, tensor in parts["optimiser"].items():
        number, _, kind = name.partition(".")
        moments.setdefault(int(number), {})[kind] = tensor
    try:
        model.load_state_dict(parts["model"])
        optimiser.load_state_dict({**optimiser.state_dict(), "state": moments})
    except (RuntimeError, ValueError) as error:
        raise VdupError(f"the checkpoint is of another model ({error}); remove it to start anew") from error
    return parts["best"]
