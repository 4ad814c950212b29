"""Features of frames in the forms in which others publish them: arrays without a header.

videoalignment (the program behind LAMV, Baraldi et al., CVPR 2018) gives one pickle a video, ``rmac_resnet34_29/
NAME.pkl``: a single NumPy array [N, 512], a row for every frame at 15 frames a second from the start of the video,
whitened and of unit length, no times. Some were written by Python 2. VCSL gives one ``.npy`` file a video, a row a
second. Both may hold a third axis, regions of each frame.
"""

from pathlib import Path
from zipfile import BadZipFile

import numpy as np
from numpy.typing import NDArray

from vdup.errors import FeatureFileError
from vdup.feature_files.array_parts import RefusedPickleError
from vdup.feature_files.array_pickle import read_plain_pickle
from vdup.regular_file import open_regular, read_regular
from vdup.types import FrameFeatures

PUBLISHED_FPS = 15.0
"""Frames a second of the published pickles."""


def read_pickled_features(path: Path, frames_per_second: float = PUBLISHED_FPS) -> FrameFeatures:
    """Reads a pickle of one array without executing it.

    Args:
        path: ``.pkl`` file of an array [N, d] or [N, R, d].
        frames_per_second: rate of its rows; frame i is taken to be at i / rate seconds.

    Raises:
        FeatureFileError: it is missing or damaged, holds something else, or asks for anything but an array.
    """
    try:
        value = read_plain_pickle(read_regular(path))
    except OSError as error:
        raise _unreadable(path, error) from error
    except RefusedPickleError as error:
        raise FeatureFileError(path, f"refused, nothing of it was executed: {error}") from error
    if not isinstance(value, np.ndarray):
        raise FeatureFileError(path, f"holds a {type(value).__name__}; expected one array, a row for every frame")
    return _at_a_rate(path, value, frames_per_second)


def read_array_features(path: Path, frames_per_second: float) -> FrameFeatures:
    """Reads a ``.npy`` file of one array [N, d] or [N, R, d].

    Args:
        path: the file; one that holds pickled objects is refused.
        frames_per_second: rate of its rows; frame i is taken to be at i / rate seconds.

    Raises:
        FeatureFileError: it is missing, damaged or of another shape.
    """
    try:
        with open_regular(path) as file:
            value = np.load(file, allow_pickle=False)
    except OSError as error:
        raise _unreadable(path, error) from error
    except (ValueError, EOFError, MemoryError, BadZipFile) as error:
        raise FeatureFileError(path, f"not a usable .npy file: {error}") from error
    if not isinstance(value, np.ndarray):
        raise FeatureFileError(path, "holds several arrays; expected one, a row for every frame")
    return _at_a_rate(path, value, frames_per_second)


def _at_a_rate(path: Path, values: NDArray[np.generic], frames_per_second: float) -> FrameFeatures:
    if values.ndim not in (2, 3) or values.dtype.kind not in "fiu" or 0 in values.shape:
        raise FeatureFileError(
            path, f"holds {values.dtype} {list(values.shape)}; expected numbers [frames, d] or [frames, regions, d]"
        )
    features = np.ascontiguousarray(values, dtype=np.float32)
    if not np.isfinite(features).all():
        raise FeatureFileError(path, "holds numbers that are not finite")
    times = np.arange(len(features)) / frames_per_second
    return FrameFeatures(features, times, len(features) / frames_per_second)


def _unreadable(path: Path, error: OSError) -> FeatureFileError:
    return FeatureFileError(path, f"cannot be read: {error.strerror or error}")
