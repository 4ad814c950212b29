"""Decoded clips in files, so that an epoch decodes nothing.

The folder holds one ``.npy`` file a clip, uint8 [frames, side, side, 3], named after path, size and time of its video;
a video that changes gets another file. A file is written whole or not at all, so a run that is cut off goes on.
"""

import hashlib
import io
import logging
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.config import SamplingConfig
from vdup.errors import ConfigError, OutputError, VideoError
from vdup.hashing.clip_sampling import clip_pool, read_clip

from ..loop.checkpoint import write_atomically

logger = logging.getLogger(__name__)

Progress = Callable[[int, int], None]
"""Told how many clips are there, and of how many."""


class ClipCache:
    """Clips of one length and size."""

    def __init__(self, folder: Path, frames: int, side_pixels: int) -> None:
        """Chooses the place; nothing is read or written.

        Args:
            folder: of all caches; clips of other shapes have other folders in it.
            frames: of a clip.
            side_pixels: width and height.
        """
        self._folder = folder / f"{frames}x{side_pixels}"
        self._frames = frames
        self._side_pixels = side_pixels

    def fill(
        self, videos: Sequence[Path], sampling: SamplingConfig, progress: Progress | None = None
    ) -> NDArray[np.bool_]:
        """Decodes what is not there yet.

        Args:
            videos: files.
            sampling: decoding processes and their time limits.
            progress: told of every clip that is decoded.

        Returns:
            Which videos have a clip, bool [N]; the others cannot be read, which is logged as a warning.

        Raises:
            OutputError: the folder cannot be written.
        """
        usable = np.ones(len(videos), dtype=np.bool_)
        missing = [place for place, path in enumerate(videos) if not self._is_there(path)]
        with clip_pool(sampling, self._frames, self._side_pixels) as pool:
            decoded = pool.videos([videos[place] for place in missing])
            for done, (place, video) in enumerate(zip(missing, decoded, strict=True), start=1):
                try:
                    self._write(video.path, read_clip(video))
                except VideoError as error:
                    logger.warning("left out: %s", error)
                    usable[place] = False
                if progress is not None:
                    progress(done, len(missing))
        return usable

    def load(self, videos: Sequence[Path]) -> NDArray[np.uint8]:
        """Clips of videos that :meth:`fill` found usable, uint8 [N, frames, side, side, 3].

        Raises:
            ConfigError: a file is missing or damaged.
        """
        clips = np.empty((len(videos), self._frames, self._side_pixels, self._side_pixels, 3), dtype=np.uint8)
        for place, path in enumerate(videos):
            file = self._file_of(path)
            try:
                clips[place] = np.load(file, allow_pickle=False)
            except (OSError, EOFError, ValueError) as error:
                raise ConfigError(f"{file} is damaged or gone ({error}); remove it, it will be made again") from error
        return clips

    def _is_there(self, video: Path) -> bool:
        try:
            return self._file_of(video).is_file()
        except OSError:  # the decoder will say what is wrong with the video
            return False

    def _file_of(self, video: Path) -> Path:
        status = video.stat()
        named = f"{video.resolve()} {status.st_size} {status.st_mtime_ns}"
        key = hashlib.sha256(named.encode("utf-8", "surrogateescape")).hexdigest()
        return self._folder / key[:2] / f"{key}.npy"

    def _write(self, video: Path, clip: NDArray[np.uint8]) -> None:
        buffer = io.BytesIO()
        np.save(buffer, clip, allow_pickle=False)
        file = self._file_of(video)
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            write_atomically(file, buffer.getvalue())
        except OSError as error:
            raise OutputError(
                f"cannot write clips to {self._folder}: {error.strerror or error}; make room there or name another "
                "folder with experiment.cache=DIR, the same command then goes on where it stopped"
            ) from error
