"""Features of the frames of one video, whatever the form of their file."""

from collections.abc import Callable
from pathlib import Path

from vdup.errors import FeatureFileError
from vdup.feature_files.own import SUFFIX, read_own_features
from vdup.feature_files.published import PUBLISHED_FPS, read_array_features, read_pickled_features
from vdup.types import FrameFeatures

_READERS: dict[str, Callable[[Path, float], FrameFeatures]] = {
    SUFFIX: lambda path, _: read_own_features(path),
    ".pkl": read_pickled_features,
    ".npy": read_array_features,
}

FEATURE_SUFFIXES = frozenset(_READERS)
"""Suffixes of the files that :func:`read_features` takes, in lower case."""


def is_feature_file(path: Path) -> bool:
    """True for the name of a file of frame features."""
    return path.suffix.lower() in FEATURE_SUFFIXES


def read_features(path: Path, frames_per_second: float = PUBLISHED_FPS) -> FrameFeatures:
    """Reads the features of the frames of one video.

    Args:
        path: ``.safetensors`` of ``python -m vdup.features``, ``.pkl`` of videoalignment, or ``.npy``.
        frames_per_second: rate of the rows of the latter two, which do not say it.

    Raises:
        FeatureFileError: the file is missing, damaged or of another kind.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise FeatureFileError(path, f"its name must end in one of {', '.join(sorted(FEATURE_SUFFIXES))}")
    return reader(path, frames_per_second)
