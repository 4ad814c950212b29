"""The clips of an action set that can be used, decoded."""

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.config import SamplingConfig
from vdup.datasets.actions import ActionSet, load_hmdb51, load_ucf101
from vdup.datasets.base import VideoFile
from vdup.errors import ConfigError

from .batches import Numbers, source_of
from .clip_cache import ClipCache, Progress

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class LabelledClips:
    """Clips of one part of a data set."""

    ids: tuple[str, ...]
    paths: tuple[Path, ...]
    labels: Numbers
    """Class of each, int64 [N]."""
    cache: ClipCache

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def sources(self) -> list[str]:
        """What each clip was cut from."""
        return [source_of(Path(name).stem) for name in self.ids]

    def load(self, numbers: Numbers) -> NDArray[np.uint8]:
        """Decoded clips, uint8 [len(numbers), frames, side, side, 3]."""
        return self.cache.load([self.paths[number] for number in numbers])


@dataclass(frozen=True)
class ActionClips:
    """Clips of one split."""

    training: LabelledClips
    test: LabelledClips

    @property
    def digest(self) -> str:
        """Of names, classes and sizes of the training clips: two runs of one digest learn from the same."""
        total = hashlib.sha256()
        for name, path, label in zip(self.training.ids, self.training.paths, self.training.labels, strict=True):
            total.update(f"{name}\0{label}\0{path.stat().st_size}\n".encode("utf-8", "surrogateescape"))
        return total.hexdigest()


def load_action_set(root: Path, split: int) -> ActionSet:
    """Reads the lists that are in a folder: those of HMDB51 and JHMDB, those of UCF101, or plain ones.

    Raises:
        ConfigError: none are there, or one is wrong.
    """
    by_class = not (root / "train.txt").exists() and any(root.rglob(f"*_test_split{split}.txt"))
    return (load_hmdb51 if by_class else load_ucf101)(root, split=split)


def decode_action_set(
    actions: ActionSet, cache: ClipCache, sampling: SamplingConfig, progress: Progress | None = None
) -> ActionClips:
    """Decodes all clips that are in the folder.

    Args:
        actions: the lists.
        cache: where clips are kept.
        sampling: decoding processes and their time limits.
        progress: told of every clip that is decoded.

    Raises:
        ConfigError: there is no clip for training.
        OutputError: the cache cannot be written.
    """
    parts = (actions.references, actions.queries)
    present = [[video for video in part if video.path is not None] for part in parts]
    missing = sum(map(len, parts)) - sum(map(len, present))
    if missing:
        logger.warning("%d of the %d clips of the lists are not in the folder", missing, sum(map(len, parts)))
    every = [video.path for part in present for video in part if video.path is not None]
    usable = cache.fill(every, sampling, progress)
    training, test = (
        _labelled(part, flags, actions, cache)
        for part, flags in zip(present, (usable[: len(present[0])], usable[len(present[0]) :]), strict=True)
    )
    if not len(training):
        raise ConfigError(f"none of the {len(actions.references)} training clips can be used; check data.root")
    return ActionClips(training, test)


def _labelled(
    videos: Sequence[VideoFile], usable: NDArray[np.bool_], actions: ActionSet, cache: ClipCache
) -> LabelledClips:
    kept = [(video.id, video.path) for video, fine in zip(videos, usable, strict=True) if fine and video.path]
    labels = np.array([actions.class_of[name] for name, _ in kept], dtype=np.int64)
    return LabelledClips(tuple(name for name, _ in kept), tuple(path for _, path in kept), labels, cache)
