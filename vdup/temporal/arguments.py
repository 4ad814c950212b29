"""Checks of what the temporal models are called with."""

import torch
from torch import Tensor


def check_frames(frame_features: Tensor, timestamps: Tensor) -> None:
    """Checks a batch of videos.

    Args:
        frame_features: [B, T, d], floating point.
        timestamps: [B, T].

    Raises:
        ValueError: shapes do not fit, or a timestamp is not finite.
        TypeError: the features are not floating point.
    """
    if frame_features.ndim != 3 or timestamps.shape != frame_features.shape[:2]:
        raise ValueError(
            f"expected features [B, T, d] and timestamps [B, T], got {tuple(frame_features.shape)} and "
            f"{tuple(timestamps.shape)}"
        )
    if not frame_features.is_floating_point():
        raise TypeError(f"frame features must be floating point, got {frame_features.dtype}")
    if not bool(torch.isfinite(timestamps).all()):
        raise ValueError("timestamps must be finite, also those of padding")


def check_pairs(fv_a: Tensor, fv_b: Tensor, offsets: Tensor) -> None:
    """Checks that descriptors [B, ...] or [1, ...] fit each other and offsets [B, K] or [1, K].

    Raises:
        ValueError: they do not.
    """
    pairs = max(len(fv_a), len(fv_b))
    if (
        fv_a.shape[1:] != fv_b.shape[1:]
        or offsets.ndim != 2
        or any(len(part) not in (1, pairs) for part in (fv_a, fv_b, offsets))
    ):
        raise ValueError(
            "expected descriptors of one shape and offsets [B, K] or [1, K], got "
            f"{tuple(fv_a.shape)}, {tuple(fv_b.shape)} and {tuple(offsets.shape)}"
        )


def one_offset_each(offset: float | Tensor, fv: Tensor) -> Tensor:
    """An offset for each of B descriptors, float64 [B], from one number or from [B].

    Raises:
        ValueError: the shape is another.
    """
    offsets = torch.as_tensor(offset, dtype=torch.float64, device=fv.device)
    if offsets.ndim > 1 or (offsets.ndim == 1 and len(offsets) != len(fv)):
        raise ValueError(f"offset must be a number or [B={len(fv)}], got shape {tuple(offsets.shape)}")
    return offsets.expand(len(fv))
