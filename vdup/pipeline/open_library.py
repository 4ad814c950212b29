"""The parts of an open library, kept in step with its catalogue."""

import logging
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import LibraryConfig, ModelConfig, StoreConfig
from vdup.errors import LibraryDamagedError, StoreDamagedError
from vdup.pipeline.encoder import Encoder, build_encoder
from vdup.pipeline.frame_lookup import FrameLookup
from vdup.pipeline.stretch_lookup import StretchLookup
from vdup.pipeline.whole_videos import VideoAverage, WholeVideos, build_video_reader, discard_store
from vdup.store.base import VideoStore
from vdup.store.open import move_descriptors, open_store, open_store_to_read
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS

logger = logging.getLogger(__name__)


class OpenLibrary:
    """Folder, frame index, store and encoder of one library. One process at a time has a library open."""

    def __init__(
        self,
        config: LibraryConfig,
        encoder: Encoder,
        folder: LibraryFolder,
        store: VideoStore | None,
        resources: ExitStack,
    ) -> None:
        """Takes parts that are open already; ``resources`` closes them. Use :meth:`open`.

        Without a store, one is opened for reading when it is first needed, and so are the other parts.
        """
        self.config = config
        self.encoder = encoder
        self.folder = folder
        self._store = store
        self._resources = resources
        self._lookup: FrameLookup | None = None
        self._stretches: StretchLookup | None = None
        if store is not None:
            self._lookup = FrameLookup(folder, config.index)
            self._stretches = StretchLookup(folder, store, config.store.stretch_seconds)
        reader = build_video_reader(config, encoder)
        self.whole_videos = None if reader is None else WholeVideos(folder, reader, config.store)
        """Vectors of whole videos; none where ``aggregation=none``."""

    @classmethod
    def open(cls, library: Path | str | LibraryConfig, *, create: bool = False, read_only: bool = False) -> Self:
        """Opens a library.

        Args:
            library: its folder, with the default settings, or full settings.
            create: make it when the folder is missing or empty.
            read_only: change no file of the library; what would change one raises LibraryError.

        Raises:
            LibraryError: it does not exist, is in use, is damaged, holds a link, or was made with other settings.
            WeightsError: the model's weights cannot be used.
            StoreError: the store of descriptors cannot be used.
            ValueError: it is to be made and not to be written.
        """
        config = library if isinstance(library, LibraryConfig) else LibraryConfig(library=Path(library))
        model = ModelConfig(**{field.name: getattr(config, field.name) for field in fields(ModelConfig)})
        encoder = build_encoder(model)
        with ExitStack() as stack:
            folder = stack.enter_context(
                LibraryFolder.open(config.library, encoder.settings(model), create=create, read_only=read_only)
            )
            store = None if read_only else stack.enter_context(_open_store(config.store, folder.store_path))
            opened = cls(config, encoder, folder, store, stack)
            # From here on the library closes them, not this block.
            opened._resources = stack.pop_all()
            return opened

    @property
    def store(self) -> VideoStore:
        """The store of descriptors."""
        if self._store is None:
            store = open_store_to_read(self.config.store, self.folder.store_path, DESCRIPTOR_DIMENSIONS)
            self._store = self._resources.enter_context(store)
        return self._store

    @property
    def lookup(self) -> FrameLookup:
        """The frame index."""
        if self._lookup is None:
            self._lookup = FrameLookup(self.folder, self.config.index)
        return self._lookup

    @property
    def stretches(self) -> StretchLookup:
        """The descriptors."""
        if self._stretches is None:
            self._stretches = StretchLookup(self.folder, self.store, self.config.store.stretch_seconds)
        return self._stretches

    @contextmanager
    def changing(self) -> Iterator[None]:
        """Saves after a block that changes the catalogue.

        After an error, index and descriptors may lag behind the catalogue: they catch up with it when they are next
        used, or when the library is next opened.

        Raises:
            LibraryError: the library was opened for reading.
        """
        self.folder.check_may_change()
        try:
            yield
        except BaseException:
            self._lookup = self._stretches = None
            raise
        self.save()

    @contextmanager
    def reading(self) -> Iterator[VideoAverage | None]:
        """While the block runs, frames that are encoded are those of one video; averages them, if that is wanted."""
        if self.whole_videos is None:
            yield None
            return
        with self.whole_videos.reader.reading() as average:
            yield average

    def videos(self, state: VideoState | None = None) -> list[VideoRecord]:
        """Records of the catalogue, ordered by id."""
        return self.folder.catalogue.all(state)

    def remove(self, ids: list[str]) -> list[VideoRecord]:
        """Takes videos out of the library.

        Raises:
            LibraryError: an id is unknown; nothing was removed then.
        """
        with self.changing():
            records = self.folder.remove(ids)
            for record in records:
                self.forget(record)
        return records

    def forget(self, record: VideoRecord) -> None:
        """Drops a video that the catalogue no longer holds from index and store."""
        if record.state is VideoState.indexed:
            self.lookup.forget(self.folder.rows_of(record))
            self.stretches.forget(record.number)

    def save(self) -> None:
        """Writes what index and stores lack of the catalogue.

        Raises:
            LibraryError: the library was opened for reading.
        """
        self.folder.check_may_change()
        self.lookup.save()
        self.stretches.save()
        if self.whole_videos is not None:
            self.whole_videos.save()

    def rebuild(self) -> None:
        """Gives the space of removed videos back and makes index and descriptors anew from the stored codes."""
        with self.changing():
            self.folder.compact()
            self._lookup = None  # rows have other numbers now
            self.stretches.rebuild()

    def move_store(self, target: VideoStore, progress: Callable[[int, int], None] | None = None) -> int:
        """Copies all descriptors into another store and returns how many."""
        self.stretches.save()
        return move_descriptors(self.store, target, progress)

    def check(self) -> list[str]:
        """Looks for damage and for parts out of step; one sentence a problem."""
        return [*self.folder.check(), *self.stretches.problems()]

    def close(self) -> None:
        """Closes files and connections and gives the lock back."""
        if self.whole_videos is not None:
            self.whole_videos.close()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _open_store(config: StoreConfig, path: Path) -> VideoStore:
    """The store that the settings name. An embedded one that is damaged is made again: its contents come from codes."""
    try:
        return open_store(config, path, DESCRIPTOR_DIMENSIONS)
    except StoreDamagedError as error:
        logger.warning("%s; made anew from the stored codes", error)
        discard_store(path)
        return open_store(config, path, DESCRIPTOR_DIMENSIONS)


def find_problems(config: LibraryConfig) -> list[str]:
    """Looks for damage in a library without changing it; one sentence a problem.

    Args:
        config: which library, and its settings.

    Raises:
        LibraryError: the library cannot be looked at: it does not exist, is in use, holds a link or has other settings.
        WeightsError: the model's weights cannot be used.
        StoreError: the store of descriptors cannot be used.
    """
    try:
        with OpenLibrary.open(config, read_only=True) as library:
            return library.check()
    except LibraryDamagedError as error:  # so damaged that it cannot be opened
        return [str(error)]


def summary(library: OpenLibrary) -> Mapping[str, int | float | str]:
    """Figures of a library for people: videos by state, seconds, codes, bytes."""
    counts = library.folder.catalogue.counts()
    seconds = sum(record.duration_seconds or 0.0 for record in library.videos(VideoState.indexed))
    # The embedded store keeps large sparse files: what counts is the space they take.
    size = sum(file.stat().st_blocks * 512 for file in library.folder.path.rglob("*") if file.is_file())
    return {
        **{f"videos {state.value}": counts.get(state, 0) for state in VideoState},
        "hours of video": round(seconds / 3600, 3),
        "stored codes": library.folder.next_row,
        "codes of removed videos": library.folder.dead_rows,
        "index": library.lookup.index.kind,
        "indexed codes": len(library.lookup.index),
        "descriptors": library.store.count(),
        "megabytes on disk": round(size / 1e6, 3),
        "fingerprint": library.folder.manifest.fingerprint,
    }
