"""The parts of an open library, kept in step with its catalogue."""

from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import fields
from pathlib import Path
from types import TracebackType
from typing import Self

from vdup.catalogue.catalogue import STORE_DIRTY
from vdup.catalogue.folder import LibraryFolder
from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import LibraryConfig, ModelConfig
from vdup.pipeline.encoder import Encoder, build_encoder
from vdup.pipeline.frame_lookup import FrameLookup
from vdup.store.base import Descriptors, VideoStore
from vdup.store.open import move_descriptors, open_store
from vdup.store.pooling import DESCRIPTOR_DIMENSIONS, pool_codes

_UPSERT_VIDEOS = 64


class OpenLibrary:
    """Folder, frame index, store and encoder of one library. One process at a time has a library open."""

    def __init__(
        self, config: LibraryConfig, encoder: Encoder, folder: LibraryFolder, store: VideoStore, resources: ExitStack
    ) -> None:
        """Takes parts that are open already; ``resources`` closes them. Use :meth:`open`."""
        self.config = config
        self.encoder = encoder
        self.folder = folder
        self.store = store
        self._resources = resources
        self.lookup = FrameLookup(folder, config.index)
        if folder.catalogue.meta_number(STORE_DIRTY):
            self._mend_store()

    @classmethod
    def open(cls, library: Path | str | LibraryConfig, *, create: bool = False) -> Self:
        """Opens a library.

        Args:
            library: its folder, with the default settings, or full settings.
            create: make it when the folder is missing or empty.

        Raises:
            LibraryError: it does not exist, is in use, is damaged, or was made with other settings.
            WeightsError: the model's weights cannot be used.
            StoreError: the store of descriptors cannot be used.
        """
        config = library if isinstance(library, LibraryConfig) else LibraryConfig(library=Path(library))
        model = ModelConfig(**{field.name: getattr(config, field.name) for field in fields(ModelConfig)})
        encoder = build_encoder(model)
        with ExitStack() as stack:
            folder = stack.enter_context(LibraryFolder.open(config.library, encoder.settings(model), create=create))
            store = stack.enter_context(open_store(config.store, folder.store_path, DESCRIPTOR_DIMENSIONS))
            opened = cls(config, encoder, folder, store, stack)
            stack.pop_all()
            return opened

    def videos(self, state: VideoState | None = None) -> list[VideoRecord]:
        """Records of the catalogue, ordered by id."""
        return self.folder.catalogue.all(state)

    def remove(self, ids: list[str]) -> list[VideoRecord]:
        """Takes videos out of the library.

        Raises:
            LibraryError: an id is unknown; nothing was removed then.
        """
        records = self.folder.remove(ids)
        self.forget(records)
        self.save()
        return records

    def forget(self, records: list[VideoRecord]) -> None:
        """Drops videos that the catalogue no longer holds from index and store."""
        for record in records:
            if record.state is VideoState.indexed:
                self.lookup.forget(self.folder.rows_of(record))
        self.store.remove([record.number for record in records])

    def describe(self, number: int) -> Descriptors:
        """Descriptors of an indexed video, made from its stored codes."""
        starts, ends, vectors = pool_codes(self.folder.video_codes(number), self.config.store.stretch_seconds)
        return Descriptors(number, starts, ends, vectors)

    def save(self) -> None:
        """Brings index and store on disk into step with the catalogue."""
        self.lookup.save()
        self.store.flush()
        self.folder.catalogue.set_meta(STORE_DIRTY, 0)

    def rebuild(self) -> None:
        """Gives the space of removed videos back and makes index and descriptors anew from the stored codes."""
        self.folder.compact()
        self.lookup = FrameLookup(self.folder, self.config.index)
        self.lookup.rebuild()
        self.store.remove(sorted(self.store.video_numbers()))
        self._describe_missing()
        self.save()

    def move_store(self, target: VideoStore, progress: Callable[[int, int], None] | None = None) -> int:
        """Copies all descriptors into another store and returns how many."""
        return move_descriptors(self.store, target, progress)

    def check(self) -> list[str]:
        """Looks for damage and for parts out of step; one sentence a problem."""
        problems = self.folder.check()
        indexed = {record.number for record in self.videos(VideoState.indexed)}
        strangers = self.store.video_numbers() - indexed
        if strangers:
            problems.append(f"the store holds descriptors of {len(strangers)} videos that are not indexed")
        missing = {
            number
            for number in indexed - self.store.video_numbers()
            if self.folder.video_codes(number).searchable.any()
        }
        if missing:
            problems.append(f"the store lacks the descriptors of {len(missing)} videos")
        return problems

    def close(self) -> None:
        """Closes files and connections and gives the lock back."""
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _mend_store(self) -> None:
        """Brings the descriptors into step after a run that was cut off."""
        indexed = {record.number for record in self.videos(VideoState.indexed)}
        self.store.remove(sorted(self.store.video_numbers() - indexed))
        self._describe_missing()
        self.store.flush()
        self.folder.catalogue.set_meta(STORE_DIRTY, 0)

    def _describe_missing(self) -> None:
        stored = self.store.video_numbers()
        missing = [record.number for record in self.videos(VideoState.indexed) if record.number not in stored]
        for first in range(0, len(missing), _UPSERT_VIDEOS):
            self.store.upsert([self.describe(number) for number in missing[first : first + _UPSERT_VIDEOS]])


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
