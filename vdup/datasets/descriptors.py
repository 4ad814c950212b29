"""Descriptor files of the Video Similarity Challenge: the vectors of many videos in one ``.npz``.

Three arrays: ``video_ids`` [N], strings or numbers; ``features`` [N, d]; ``timestamps`` [N], or [N, 2] for stretches
with a start and an end. At most 512 dimensions, and one vector for each second of a video, are the rules of the
challenge; they are not enforced here.
"""

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vdup.datasets.annotation_file import reading
from vdup.errors import ConfigError
from vdup.types import FloatArray

_ARRAYS = ("video_ids", "features", "timestamps")


@dataclass(frozen=True)
class VideoDescriptors:
    """Vectors of videos, in the order of the file."""

    video_ids: tuple[str, ...]
    """Video of each vector."""
    features: FloatArray
    """Float32 [N, d]."""
    timestamps: NDArray[np.float64]
    """Seconds, start and end of what each vector describes; equal for a moment. Float64 [N, 2]."""


def read_descriptors(path: Path, prefix: str = "") -> VideoDescriptors:
    """Reads a descriptor file.

    Args:
        path: ``.npz`` file; arrays of Python objects are refused, since reading them would run code.
        prefix: letter before ids that are numbers, which get six digits: Q for queries, R for references.

    Returns:
        The descriptors; there may be none.

    Raises:
        ConfigError: the file cannot be read, or an array is missing or has the wrong form.
    """
    ids, features, timestamps = _load(path)
    if ids.ndim != 1 or ids.dtype.kind not in "Uiu":
        raise ConfigError(f"{path}: video_ids must be strings or numbers [N], got {ids.dtype} {ids.shape}")
    if features.ndim != 2 or features.dtype.kind != "f" or len(features) != len(ids):
        raise ConfigError(f"{path}: features must be floats [{len(ids)}, d], got {features.dtype} {features.shape}")
    if timestamps.dtype.kind not in "fiu" or timestamps.shape not in ((len(ids),), (len(ids), 2)):
        shapes = f"[{len(ids)}] or [{len(ids)}, 2]"
        raise ConfigError(f"{path}: timestamps must be numbers {shapes}, got {timestamps.dtype} {timestamps.shape}")
    if not (np.isfinite(features).all() and np.isfinite(timestamps).all()):
        raise ConfigError(f"{path}: features and timestamps must be finite")
    names = tuple(str(video) if ids.dtype.kind == "U" else f"{prefix}{video:06d}" for video in ids.tolist())
    seconds = timestamps.astype(np.float64)
    stretches = seconds if seconds.ndim == 2 else np.stack([seconds, seconds], axis=1)
    return VideoDescriptors(names, features.astype(np.float32, copy=False), stretches)


def _load(path: Path) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    try:
        with reading(path, "a descriptor file"), np.load(path, allow_pickle=False) as held:
            missing = [name for name in _ARRAYS if name not in getattr(held, "files", ())]
            if missing:
                raise ConfigError(f"{path}: no array {', '.join(missing)}; there must be {', '.join(_ARRAYS)}")
            return held["video_ids"], held["features"], held["timestamps"]
    except (ValueError, EOFError, TypeError, zipfile.BadZipFile) as error:
        raise ConfigError(f"{path} is not a descriptor file (.npz): {error}") from error
