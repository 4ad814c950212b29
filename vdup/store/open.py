"""Which store the settings ask for, and how descriptors move from one to another."""

import logging
from collections.abc import Callable
from pathlib import Path

from vdup.config import StoreConfig
from vdup.errors import StoreDamagedError, StoreError
from vdup.library_files import is_there
from vdup.store.base import Descriptors, VideoStore
from vdup.store.edge import EdgeVideoReader, EdgeVideoStore
from vdup.store.memory import MemoryVideoStore
from vdup.store.server import ServerVideoStore

logger = logging.getLogger(__name__)

_MOVE_ROWS = 1000
"""Descriptors handed to the target at once, more where a single video has more."""


def open_store(config: StoreConfig, library_store_path: Path, dimensions: int) -> VideoStore:
    """Open the server's collection when ``config.url`` is set, else the embedded store of the library.

    Args:
        config: settings of the store.
        library_store_path: folder of the embedded store; made when missing, not touched when a server is used.
        dimensions: width of every vector.

    Raises:
        ValueError: ``dimensions`` below 1.
        StoreUnavailableError: the server does not answer.
        StoreError: the store is open elsewhere, damaged, or holds vectors of another width.
    """
    if config.url is None:
        return EdgeVideoStore(library_store_path, dimensions)
    return ServerVideoStore(config, dimensions)


def open_store_to_read(config: StoreConfig, library_store_path: Path, dimensions: int) -> VideoStore:
    """Open a store for a library that is only read: what is changed in it is changed in memory.

    An embedded store that is missing or damaged counts as an empty one.

    Args:
        config: settings of the store.
        library_store_path: folder of the embedded store; nothing in it is changed, and it is not made.
        dimensions: width of every vector.

    Raises:
        ValueError: ``dimensions`` below 1.
        StoreUnavailableError: the server does not answer.
        StoreError: the store cannot be read or copied.
        LibraryError: something in the folder is neither a regular file nor a folder, such as a link.
    """
    if config.url is not None:
        return ServerVideoStore(config, dimensions)
    if is_there(library_store_path):
        try:
            return EdgeVideoReader(library_store_path, dimensions)
        except StoreDamagedError as error:
            logger.warning("%s; done without it", error)
    return MemoryVideoStore(dimensions)


def move_descriptors(source: VideoStore, target: VideoStore, progress: Callable[[int, int], None] | None = None) -> int:
    """Copy all descriptors to another store and count them there; the source keeps its own.

    After a break-off, call it again: videos that arrived are written once more, to the same effect.

    Args:
        source: where the descriptors are.
        target: an empty store, or one that an earlier call filled from the same source.
        progress: called with the number of descriptors copied so far and the number of all.

    Returns:
        Number of descriptors in the target.

    Raises:
        ValueError: the stores differ in width.
        StoreError: the target has videos that the source lacks, or other counts than the source at the end.
    """
    if source.dimensions != target.dimensions:
        raise ValueError(f"source has {source.dimensions} dimensions, target {target.dimensions}: they must be equal")
    strangers = target.video_numbers() - source.video_numbers()
    if strangers:
        raise StoreError(
            f"the target already holds {len(strangers)} videos that are not in the source, such as number "
            f"{min(strangers)}: choose an empty one (store.collection=NAME), as libraries number their videos alike"
        )
    total, copied = source.count(), 0
    batch: list[Descriptors] = []
    waiting = 0
    for item in source.iterate():
        batch.append(item)
        waiting += len(item)
        if waiting >= _MOVE_ROWS:
            target.upsert(batch)
            copied += waiting
            batch, waiting = [], 0
            if progress is not None:
                progress(copied, total)
    target.upsert(batch)
    copied += waiting
    target.flush()
    if progress is not None:
        progress(copied, total)
    arrived = target.count()
    if not total == copied == arrived:
        raise StoreError(
            f"the source counts {total} descriptors, {copied} were read and the target counts {arrived}: make sure "
            "that no other process writes to either, then run the same command again"
        )
    logger.info("copied %d descriptors", arrived)
    return arrived
