"""Errors that vdup raises for conditions a user can meet.

Every message says what went wrong, with which value, and what to do::

    VdupError
    ├── ConfigError              a setting is wrong or does not fit another
    ├── VideoError               one video cannot be used
    │   ├── VideoOpenError       not a video, or damaged beyond reading
    │   ├── NoVideoStreamError   a media file without a picture
    │   ├── PictureTooSmallError too few pixels to tell anything by
    │   ├── VideoDecodeError     opened, but no frame could be decoded
    │   ├── DecoderCrashError    the decoding process died
    │   ├── DecoderTimeoutError  the decoding process took too long
    │   └── FeatureFileError     a file of frame features is damaged or of another kind
    ├── WeightsError             a weights file is missing, damaged or of the wrong shape
    ├── LibraryError             the library folder cannot be used
    │   ├── LibraryLockedError   another process has it open
    │   ├── FingerprintError     made with other settings
    │   ├── LibraryDamagedError  a file in it is damaged
    │   └── LibraryFullError     no space left on the disk
    ├── OutputError              results cannot be written
    ├── IndexFileError           a saved frame index is damaged or of another kind
    └── StoreError               the store of video descriptors failed
        ├── StoreDamagedError       its files are damaged
        └── StoreUnavailableError   it cannot be reached

Wrong arguments in Python calls stay ``ValueError`` and ``TypeError``.
"""

from pathlib import Path


class VdupError(Exception):
    """Base of all errors of vdup."""


class ConfigError(VdupError):
    """A setting is wrong, unknown, or does not fit another one."""


class VideoError(VdupError):
    """One video cannot be used; the rest of a batch goes on."""

    def __init__(self, path: Path | str, message: str) -> None:
        super().__init__(f"{path}: {message}")
        self.path = str(path)
        self.reason = message

    def __reduce__(self) -> tuple[type["VideoError"], tuple[str, str]]:
        """Survives the trip from a worker process."""
        return type(self), (self.path, self.reason)


class VideoOpenError(VideoError):
    """The file is not a video or is damaged beyond reading."""


class NoVideoStreamError(VideoError):
    """The file is a media file without a picture."""


class PictureTooSmallError(VideoError):
    """The picture has too few pixels to tell one video from another; such a video is left out on purpose."""


class VideoDecodeError(VideoError):
    """The file opened, but no frame could be decoded."""


class DecoderCrashError(VideoError):
    """The process that decoded this file died."""


class DecoderTimeoutError(VideoError):
    """The process that decoded this file took longer than its limit."""


class FeatureFileError(VideoError):
    """A file of frame features, which stands for a video, is damaged or of another kind."""


class WeightsError(VdupError):
    """A weights file is missing, damaged, or does not fit the model."""


class LibraryError(VdupError):
    """A library folder cannot be used."""


class LibraryLockedError(LibraryError):
    """Another process has the library open."""


class FingerprintError(LibraryError):
    """The library was made with settings that give other codes."""


class LibraryDamagedError(LibraryError):
    """A file of the library is damaged."""


class LibraryFullError(LibraryError):
    """The disk that holds the library is full."""


class OutputError(VdupError):
    """Results cannot be written: the disk is full, or the place does not take files."""


class IndexFileError(VdupError):
    """A saved frame index is damaged, truncated or of another kind."""


class StoreError(VdupError):
    """The store of video descriptors failed."""


class StoreDamagedError(StoreError):
    """The files of the embedded store are damaged or of another kind."""


class StoreUnavailableError(StoreError):
    """The store of video descriptors cannot be reached."""
