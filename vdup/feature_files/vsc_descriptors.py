"""Descriptor files of the Meta AI Video Similarity Challenge (VSC2022): vectors of many videos in one ``.npz``."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vdup.errors import FeatureFileError
from vdup.regular_file import open_regular
from vdup.types import FloatArray, FrameFeatures, TimeArray


@dataclass(frozen=True)
class VideoDescriptors:
    """Vectors of many videos, a row each, in the order of the file."""

    video_ids: NDArray[np.str_]
    """Video of each row, text [M]."""
    features: FloatArray
    """float32 [M, d]."""
    starts_seconds: TimeArray
    """Start of what each row stands for, float64 [M]."""
    ends_seconds: TimeArray
    """Its end, float64 [M]; the start where the file gives one time a row."""

    def __len__(self) -> int:
        return len(self.video_ids)

    def of_videos(self) -> Mapping[str, FrameFeatures]:
        """Vectors of each video, sorted by time; their time is the middle of what they stand for."""
        order = np.lexsort((self.starts_seconds, self.video_ids))
        names, firsts = np.unique(self.video_ids[order], return_index=True)
        middles = (self.starts_seconds + self.ends_seconds) / 2
        return {
            str(name): FrameFeatures(self.features[rows], middles[rows], float(self.ends_seconds[rows].max()))
            for name, rows in zip(names, np.split(order, firsts[1:]), strict=True)
        }


def read_vsc_descriptors(path: Path) -> VideoDescriptors:
    """Reads a descriptor file of VSC2022.

    Args:
        path: ``.npz`` with ``video_ids`` [M], ``features`` [M, d] and ``timestamps``, seconds, [M] or [M, 2] (start
            and end).

    Raises:
        FeatureFileError: the file is missing or damaged, lacks one of the three, or they do not fit one another.
    """
    try:
        # Opened here: np.load forgets to close a file that turns out to be no archive.
        with open_regular(path) as opened, np.load(opened, allow_pickle=False) as file:
            video_ids, features, times = (file[name] for name in ("video_ids", "features", "timestamps"))
    except OSError as error:
        raise FeatureFileError(path, f"cannot be read: {error.strerror or error}") from error
    except KeyError as error:
        raise FeatureFileError(
            path, f"a descriptor file needs the arrays video_ids, features and timestamps ({error.args[0]})"
        ) from error
    except (ValueError, EOFError, MemoryError, BadZipFile, TypeError) as error:
        raise FeatureFileError(path, f"not a usable .npz file: {error}") from error
    if features.ndim != 2 or features.dtype.kind not in "fiu" or video_ids.shape != (len(features),):
        raise FeatureFileError(
            path,
            f"features must be numbers [M, d] and video_ids [M], got {features.dtype} {list(features.shape)} and "
            f"{list(video_ids.shape)}",
        )
    if times.shape not in ((len(features),), (len(features), 2)) or times.dtype.kind not in "fiu":
        raise FeatureFileError(path, f"timestamps must be seconds [M] or [M, 2], got {times.dtype} {list(times.shape)}")
    if video_ids.dtype.kind not in "USiu":
        raise FeatureFileError(path, f"video_ids must be text, got {video_ids.dtype}")
    vectors = np.ascontiguousarray(features, dtype=np.float32)
    bounds = np.broadcast_to(times.astype(np.float64).reshape(len(times), -1), (len(times), 2))
    for name, values in (("features", vectors), ("timestamps", bounds)):
        bad = np.flatnonzero(~np.isfinite(values).all(axis=1))
        if len(bad):
            raise FeatureFileError(path, f"{name} of row {bad[0]} (video {video_ids[bad[0]]}) are not finite")
    return VideoDescriptors(video_ids.astype(np.str_), vectors, bounds[:, 0].copy(), bounds[:, 1].copy())
