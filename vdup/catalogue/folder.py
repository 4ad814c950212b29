"""A library: one folder that holds everything vdup knows of a set of videos.

``manifest.json`` (settings), ``catalogue.sqlite`` (videos; the truth), ``codes-G.bin`` and ``rows-G.bin`` (codes of
generation G), ``frames-G.index`` (saved frame index), ``descriptors/`` (embedded store), ``library.lock``. Index and
descriptors can be made again from the codes.
"""

from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

import numpy as np

from vdup.catalogue.catalogue import (
    CATALOGUE_NAME,
    COMMITTED_ROWS,
    GENERATION,
    STORE_DIRTY,
    Catalogue,
    opened_to_read,
)
from vdup.catalogue.code_file import CodeFile, codes_checksum
from vdup.catalogue.compaction import compact_codes, mask_of, orphans, rows_of
from vdup.catalogue.comparison import Extent, compare, nothing_yet
from vdup.catalogue.durable import library_errors
from vdup.catalogue.extras import VideoExtras
from vdup.catalogue.inspection import (
    check_representatives,
    find_problems,
    sound_codes,
    stored_movie,
    time_problem,
)
from vdup.catalogue.lock import LibraryLock
from vdup.catalogue.manifest import MANIFEST_NAME, Manifest, Setting, read_manifest, write_manifest
from vdup.catalogue.place import check_place
from vdup.catalogue.records import FileStamp, StoredVideo, VideoRecord, VideoState
from vdup.catalogue.recovery import clear_other_generations, delete_generation, is_tail_garbage, keep_tails
from vdup.library_files import check_folder, is_there
from vdup.movies.storage import PackedMovie
from vdup.types import BoolArray, RowArray, VideoCodes, VideoInfo


class LibraryFolder:
    """An open library. Use :meth:`open`; close it, or use it in a ``with`` block.

    One process at a time has it open. A video is in the library when :meth:`add_video` has returned, whatever happens
    to the process or the power afterwards; a call that was cut off leaves no trace.
    """

    def __init__(
        self,
        path: Path,
        manifest: Manifest,
        catalogue: Catalogue,
        codes: CodeFile,
        resources: ExitStack,
        *,
        read_only: bool,
    ) -> None:
        """Takes parts that are open already; ``resources`` closes them. Use :meth:`open`."""
        self.path = path
        self.manifest = manifest
        self.catalogue = catalogue
        self.codes = codes
        self.read_only = read_only
        """Opened for reading: no file is changed, and what would change one raises LibraryError."""
        self._resources = resources

    @classmethod
    def open(cls, path: Path, settings: Mapping[str, Setting], *, create: bool, read_only: bool = False) -> Self:
        """Opens a library.

        Its files are compared with one another before any of them is changed. Opened for writing, what a crash left
        behind is put in order; opened for reading, it is left where it is and taken no notice of.

        Args:
            path: Its folder.
            settings: Everything that shapes a code, dotted name -> value.
            create: Make the library when the folder is missing or empty.
            read_only: Change no file of the library. One is made when it is missing, the empty one that is locked.

        Raises:
            LibraryLockedError: Another process has it open.
            FingerprintError: It was made with other settings.
            LibraryDamagedError: A file of it is damaged or missing, or two of them disagree.
            LibraryFullError: The disk is full.
            LibraryError: There is no library, the folder holds something else or a link, or a newer vdup wrote it.
            ValueError: It is to be made and not to be written.
        """
        if create and read_only:
            raise ValueError("a library cannot be made and opened for reading only: leave out one of the two")
        check_place(path, create)
        with library_errors(path, "create the folder"):
            path.mkdir(parents=True, exist_ok=True)
        with ExitStack() as stack:
            stack.enter_context(LibraryLock(path, read_only=read_only))
            with library_errors(path, "read"):
                check_folder(path)
            fresh = not is_there(path / MANIFEST_NAME)
            if fresh:
                manifest = Manifest.of(settings)
                catalogue = stack.enter_context(Catalogue(path / CATALOGUE_NAME, create=True))
                extent = nothing_yet(path, catalogue)
            else:
                manifest = read_manifest(path)
                manifest.check(settings, path)
                catalogue = stack.enter_context(Catalogue(path / CATALOGUE_NAME, create=False, read_only=True))
                extent = compare(path, catalogue)
                if not read_only:
                    catalogue.close()
                    catalogue = stack.enter_context(Catalogue(path / CATALOGUE_NAME, create=False))
            if not read_only:
                keep_tails(path, extent, fresh=fresh)
            codes = CodeFile(path, extent.generation, extent.committed_rows, read_only=read_only)
            stack.callback(codes.close)
            if fresh:
                write_manifest(path, manifest)
            if not read_only:
                clear_other_generations(path, catalogue, codes)
            return cls(path, manifest, catalogue, codes, stack.pop_all(), read_only=read_only)

    @property
    def index_path(self) -> Path:
        """Where the frame index is saved. Changes with a compaction, because its rows have other numbers then."""
        return self.path / f"frames-{self.codes.generation}.index"

    @property
    def store_path(self) -> Path:
        """Folder of the embedded descriptor store."""
        return self.path / "descriptors"

    @property
    def next_row(self) -> int:
        """Row that the first code of the next video will have."""
        return len(self.codes)

    @property
    def dead_rows(self) -> int:
        """Rows of videos that were removed or replaced; :meth:`compact` gives their space back."""
        return len(self.codes) - int(self.catalogue.row_ranges()[:, 2].sum())

    def add_video(
        self,
        video_id: str,
        file: FileStamp,
        info: VideoInfo,
        codes: VideoCodes,
        *,
        frames_sampled: int,
        representatives: RowArray | None = None,
        extras: VideoExtras | None = None,
    ) -> StoredVideo:
        """Stores an indexed video, in place of any older record of its id.

        Codes go to the disk first; then one transaction makes them, and the loss of the older version, a fact.

        Args:
            video_id: Name of the video, unique in the library.
            file: The file it was read from.
            info: What its container says.
            codes: Its codes, N rows. Times must be finite and starts increasing.
            frames_sampled: Frames that were decoded.
            representatives: For each row the row that stands for it in the frame index, int64 [N]: a live row, or one
                of its own (from :attr:`next_row` on), or -1 for itself. None: each row stands for itself.
            extras: What is kept besides.

        Raises:
            LibraryFullError: The disk is full; the library is as it was.
            LibraryError: It cannot be written; the library is as it was.
            ValueError: Times or representatives are unusable.
        """
        self.check_may_change()
        fault = time_problem(codes)
        if fault is not None:
            raise ValueError(f"codes of {video_id!r} cannot be stored: {fault}")
        old = self.catalogue.get(video_id)
        if representatives is None:
            representatives = np.full(len(codes), -1, dtype=np.int64)
        check_representatives(self.catalogue, self.codes, representatives, old)
        record = VideoRecord(
            number=self.catalogue.next_number(),
            id=video_id,
            path=file.path,
            size_bytes=file.size_bytes,
            modified_ns=file.modified_ns,
            content_hash=file.content_hash,
            state=VideoState.indexed,
            duration_seconds=codes.duration_seconds,
            width=info.width,
            height=info.height,
            codec=info.codec,
            first_row=self.next_row,
            row_count=len(codes),
            codes_crc32=codes_checksum(codes),
            frames_sampled=frames_sampled,
            indexed_at=_now(),
        )
        try:
            self.codes.append(codes, record.number, representatives)
            with self.catalogue.transaction():
                self.catalogue.put(record)
                if extras is not None:
                    self.catalogue.extras.put(record.number, extras)
                self.catalogue.set_meta(COMMITTED_ROWS, len(self.codes))
                self.catalogue.set_meta(STORE_DIRTY, 1)
        except BaseException:
            # The catalogue says what became of the transaction; rows that it does not count go.
            self.codes.truncate(self.catalogue.meta_number(COMMITTED_ROWS))
            raise
        return StoredVideo(record, old)

    def record_failure(self, video_id: str, file: FileStamp, reason: str) -> StoredVideo:
        """Notes that a video could not be read, in place of any older record of its id.

        Raises:
            LibraryFullError: The disk is full; the library is as it was.
        """
        return self._record_absence(video_id, file, reason, VideoState.failed)

    def record_skipped(self, video_id: str, file: FileStamp, reason: str) -> StoredVideo:
        """Notes that a video was left out on purpose, in place of any older record of its id.

        Raises:
            LibraryFullError: The disk is full; the library is as it was.
        """
        return self._record_absence(video_id, file, reason, VideoState.skipped)

    def touch(self, record: VideoRecord, file: FileStamp) -> VideoRecord:
        """Notes that an unchanged file has another time or place; keeps number and codes."""
        self.check_may_change()
        touched = replace(
            record,
            path=file.path,
            size_bytes=file.size_bytes,
            modified_ns=file.modified_ns,
            content_hash=file.content_hash or record.content_hash,
        )
        self.catalogue.put(touched)
        return touched

    def remove(self, ids: Iterable[str]) -> list[VideoRecord]:
        """Takes videos out; their rows are dead from then on. All of them, or none when an id is unknown.

        Before removing videos whose rows represent others, give those others a new representative
        (:meth:`CodeFile.set_representatives`); :meth:`orphaned_rows` finds those that were forgotten.

        Returns:
            The records that were removed: drop their numbers from index and store.

        Raises:
            LibraryError: An id is unknown; the message names ids that look like it.
        """
        self.check_may_change()
        records = [self.catalogue.known(video_id) for video_id in dict.fromkeys(ids)]
        with self.catalogue.transaction():
            self.catalogue.remove([record.id for record in records])
            self.catalogue.set_meta(STORE_DIRTY, 1)
        return records

    def video_codes(self, number: int) -> VideoCodes:
        """Codes of an indexed video; the code array is a read-only view of the file.

        Raises:
            ValueError: No indexed video has this number.
            LibraryDamagedError: Its times are no times.
        """
        record = self.catalogue.by_number(number)
        if record is None or record.state is not VideoState.indexed:
            raise ValueError(f"no indexed video has the number {number}")
        return sound_codes(self.codes, record)

    def movie(self, record: VideoRecord) -> PackedMovie | None:
        """Movie of an indexed video; None when it has none.

        Raises:
            LibraryDamagedError: It is damaged.
        """
        return stored_movie(self.path, record, self.catalogue.extras.movie_parts(record.number))

    def rows_of(self, record: VideoRecord) -> RowArray:
        """Rows of an indexed video, live or retired, ascending, int64 [N]."""
        return np.arange(record.first_row, record.first_row + record.row_count, dtype=np.int64)

    def live_rows(self) -> RowArray:
        """Rows of indexed videos, ascending, int64 [N]."""
        return rows_of(self.catalogue.row_ranges())

    def live_mask(self) -> BoolArray:
        """True for each row of an indexed video, bool [:attr:`next_row`]."""
        return mask_of(self.live_rows(), len(self.codes))

    def orphaned_rows(self) -> RowArray:
        """Live rows whose representative is dead, ascending, int64 [M]: nothing in the index stands for them."""
        return orphans(self.codes, self.live_rows())

    def video_of_rows(self, rows: RowArray) -> RowArray:
        """Number of the video that each row belongs to, int64 [M]; a dead row gives a number that is retired.

        Raises:
            ValueError: A row does not exist.
        """
        if len(rows) > 0 and (rows.min() < 0 or rows.max() >= len(self.codes)):
            raise ValueError(f"rows must be in 0 to {len(self.codes) - 1}, got {rows.min()} to {rows.max()}")
        return np.ascontiguousarray(self.codes.video_numbers[rows])

    def compact(self) -> None:
        """Gives the space of dead rows back. Rows have other numbers afterwards: the frame index must be made anew.

        Arrays that were handed out before keep showing the old rows. A crash leaves the old rows or the new ones.

        Raises:
            LibraryError: A live row is represented by a dead one (see :meth:`orphaned_rows`).
            LibraryFullError: No space for the copy; the library is as it was.
        """
        self.check_may_change()
        try:
            compact_codes(self.path, self.catalogue, self.codes)
        finally:
            # Also after an error: only the catalogue knows whether the switch was made.
            self._follow_catalogue()

    def check(self) -> list[str]:
        """Looks for damage; reads every stored byte. One sentence a problem, none when all is well."""
        if not self.read_only:
            return find_problems(self.path, self.catalogue, self.codes)
        # What a run that was cut off has left is put in order by the next opening for writing, so it is no problem.
        extent = Extent(self.codes.generation, len(self.codes), self.catalogue.next_number())
        return find_problems(
            self.path,
            self.catalogue,
            self.codes,
            may_be_longer=is_tail_garbage(self.path, extent),
            may_be_behind=self.catalogue.meta_number(STORE_DIRTY) != 0,
        )

    def check_may_change(self) -> None:
        """Refuses a library that was opened for reading.

        Raises:
            LibraryError: It was.
        """
        if self.read_only:
            raise opened_to_read(self.path)

    def close(self) -> None:
        """Closes all files and gives the lock back; harmless when done before."""
        self.codes.close()
        self._resources.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _follow_catalogue(self) -> None:
        try:
            before, generation = self.codes.generation, self.catalogue.meta_number(GENERATION)
            if generation == before:
                delete_generation(self.path, before + 1)
                return
            self.codes.close()
            self.codes = CodeFile(self.path, generation, self.catalogue.meta_number(COMMITTED_ROWS))
            delete_generation(self.path, before)
        except BaseException:
            self.close()  # rather than go on writing to files that the catalogue may have left behind
            raise

    def _record_absence(self, video_id: str, file: FileStamp, reason: str, state: VideoState) -> StoredVideo:
        self.check_may_change()
        record = VideoRecord(
            id=video_id,
            path=file.path,
            size_bytes=file.size_bytes,
            modified_ns=file.modified_ns,
            content_hash=file.content_hash,
            state=state,
            reason=reason,
            indexed_at=_now(),
        )
        with self.catalogue.transaction():
            old = self.catalogue.get(video_id)
            record = replace(record, number=self.catalogue.put(record))
            if old is not None and old.state is VideoState.indexed:
                self.catalogue.set_meta(STORE_DIRTY, 1)
        return StoredVideo(record, old)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
