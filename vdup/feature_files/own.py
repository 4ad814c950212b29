"""The form in which vdup keeps features of frames: one safetensors file a video.

The file holds ``features``, float32 or float16 [N, d] or [N, R, d], and ``times_seconds``, float64 [N]. The metadata
key ``vdup`` holds JSON with ``format``, ``vdup`` (its version), ``duration_seconds``, ``fps``, ``settings`` (everything
that shapes a feature, dotted name -> value), ``fingerprint`` (SHA-256 of these) and ``source`` (name, size, time of
change and content hash of the video).

A file is written block by block as the video is decoded, since two hours at 15 frames a second are 440 MB: room for the
header is left at its start, and it is filled in at the end. The safetensors format lets a header end in spaces.
"""

import hashlib
import json
import os
import struct
from contextlib import suppress
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np
from safetensors import SafetensorError, safe_open

from vdup.errors import FeatureFileError, OutputError
from vdup.regular_file import check_regular
from vdup.types import FloatArray, FrameFeatures, TimeArray

SUFFIX = ".safetensors"
"""Of the files."""

_FORMAT = "frame-features-1"
_HEADER_BYTES = 16_384
"""Room for the header. What varies in it is the name of the video, of which a system allows a few hundred bytes."""

Setting = str | int | float | bool


@dataclass(frozen=True)
class SourceStamp:
    """What tells one version of a video from another."""

    name: str
    """Name of the video, without its folder."""
    size_bytes: int
    modified_ns: int
    """Time of the last change, nanoseconds since 1970."""
    content_hash: str
    """BLAKE2b with 256 bits, in hex."""


@dataclass(frozen=True)
class FeatureHeader:
    """What a file says of its features."""

    settings: dict[str, Setting]
    """Everything that shapes a feature; dotted name -> value."""
    fps: float
    """Frames a second that were asked for."""
    duration_seconds: float
    """Length of the video."""
    source: SourceStamp
    """The video."""

    @property
    def fingerprint(self) -> str:
        """SHA-256 of the settings, in hex."""
        return hashlib.sha256(json.dumps(self.settings, sort_keys=True).encode()).hexdigest()


class FeatureWriter:
    """Writes the features of one video as they come. Use it in a ``with`` block.

    The file has another name until :meth:`finish`, so that its own name only ever stands for a whole file; a block that
    is left without it leaves nothing behind.
    """

    def __init__(self, path: Path, *, half: bool = False) -> None:
        """Makes the folder and the file.

        Args:
            path: file to write, ``.safetensors``.
            half: store float16.

        Raises:
            OutputError: it cannot be written.
        """
        self._path = path
        self._temporary = path.with_name(path.name + ".part")
        self._dtype = np.dtype(np.float16 if half else np.float32)
        self._shape: tuple[int, ...] | None = None
        self._times: list[TimeArray] = []
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._file = self._temporary.open("wb")
            self._file.write(bytes(_HEADER_BYTES))
        except OSError as error:
            raise _cannot_write(path, error) from error

    def add(self, features: FloatArray, times_seconds: TimeArray) -> None:
        """Appends a block.

        Args:
            features: float32 [n, d] or [n, R, d]; d and R are those of the first block.
            times_seconds: float64 [n], after those of the blocks before.

        Raises:
            ValueError: the shapes do not fit.
            OutputError: the disk is full.
        """
        self._shape = features.shape[1:] if self._shape is None else self._shape
        if features.ndim not in (2, 3) or features.shape[1:] != self._shape or times_seconds.shape != (len(features),):
            raise ValueError(
                f"features {features.shape} and times {times_seconds.shape} cannot follow frames of shape {self._shape}"
            )
        try:
            self._file.write(np.ascontiguousarray(features, dtype=self._dtype).data)
        except OSError as error:
            raise _cannot_write(self._path, error) from error
        self._times.append(np.array(times_seconds, dtype=np.float64))

    def finish(self, header: FeatureHeader) -> None:
        """Gives the file its header and its name.

        Raises:
            ValueError: there was no block.
            OutputError: the disk is full.
        """
        if self._shape is None:
            raise ValueError("a file of features needs at least one block")
        times = np.concatenate(self._times)
        facts = {
            **asdict(header),
            "format": _FORMAT,
            "vdup": _version(),
            "fingerprint": header.fingerprint,
        }
        feature_bytes = len(times) * int(np.prod(self._shape)) * self._dtype.itemsize
        described = {
            "__metadata__": {"vdup": json.dumps(facts, sort_keys=True)},
            "features": {
                "dtype": "F16" if self._dtype == np.float16 else "F32",
                "shape": [len(times), *self._shape],
                "data_offsets": [0, feature_bytes],
            },
            "times_seconds": {
                "dtype": "F64",
                "shape": [len(times)],
                "data_offsets": [feature_bytes, feature_bytes + times.nbytes],
            },
        }
        text = json.dumps(described).encode().ljust(_HEADER_BYTES - 8)
        if len(text) != _HEADER_BYTES - 8:
            raise ValueError(f"the header of {self._path} takes {len(text)} bytes, more than there is room for")
        try:
            self._file.write(times.tobytes())
            self._file.seek(0)
            self._file.write(struct.pack("<Q", len(text)) + text)
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
            self._temporary.replace(self._path)
        except OSError as error:
            raise _cannot_write(self._path, error) from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with suppress(OSError):  # of a full disk, which was told before
            self._file.close()
        with suppress(OSError):
            self._temporary.unlink(missing_ok=True)


def write_features(path: Path, features: FrameFeatures, header: FeatureHeader, *, half: bool = False) -> None:
    """Writes the features of one video at once; see :class:`FeatureWriter`.

    Raises:
        OutputError: the file cannot be written.
    """
    with FeatureWriter(path, half=half) as writer:
        writer.add(features.features, features.times_seconds)
        writer.finish(header)


def read_own_features(path: Path) -> FrameFeatures:
    """Reads a file of :class:`FeatureWriter`; float16 becomes float32.

    Raises:
        FeatureFileError: it is missing, damaged or of another kind.
    """
    duration_seconds = read_header(path).duration_seconds
    try:
        check_regular(path)
        with safe_open(str(path), framework="np") as file:
            features, times = file.get_tensor("features"), file.get_tensor("times_seconds")
        return FrameFeatures(features.astype(np.float32, copy=False), times, duration_seconds)
    except (OSError, SafetensorError, ValueError) as error:
        raise FeatureFileError(path, f"damaged ({error}); make it anew with python -m vdup.features") from error


def read_header(path: Path) -> FeatureHeader:
    """What a file of :class:`FeatureWriter` says, without reading its features.

    Raises:
        FeatureFileError: it is missing, damaged or of another kind.
    """
    try:
        check_regular(path)
        with safe_open(str(path), framework="np") as file:
            facts = json.loads((file.metadata() or {}).get("vdup", "null"))
        if facts["format"] != _FORMAT:
            raise ValueError(f"its format is {facts['format']}")
        return FeatureHeader(
            settings=dict(facts["settings"]),
            fps=float(facts["fps"]),
            duration_seconds=float(facts["duration_seconds"]),
            source=SourceStamp(**facts["source"]),
        )
    except (OSError, SafetensorError, ValueError, KeyError, TypeError) as error:
        raise FeatureFileError(
            path, f"no file of frame features ({error}); make one with python -m vdup.features"
        ) from error


def _cannot_write(path: Path, error: OSError) -> OutputError:
    return OutputError(f"cannot write {path}: {error.strerror or error}; free some space or choose another folder")


def _version() -> str:
    try:
        return version("vdup")
    except PackageNotFoundError:  # a checkout that was not installed
        return "not installed"
