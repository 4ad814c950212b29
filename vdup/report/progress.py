"""How far a run is: a bar on a terminal, a line every few seconds anywhere else."""

import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from vdup.pipeline.feature_folder import FeatureOutcome, FeatureResult
from vdup.pipeline.indexer import IndexedFile, Outcome
from vdup.pipeline.searcher import SearchResult
from vdup.pipeline.video_searcher import VideoSearchResult
from vdup.report.printable import duration, printable, screen

LINE_EVERY_SECONDS = 5.0
"""Time between two lines where there is no bar."""


class ProgressDisplay:
    """Shows counts and speed on stderr, and each failure as soon as it is known. Use it in a ``with`` block.

    :meth:`video_indexed`, :meth:`query_searched`, :meth:`features_made`, :meth:`compared` and :meth:`counted` are
    callbacks: for indexing, searching, features of frames, whole videos, training. :meth:`advance` serves all else.
    """

    def __init__(
        self,
        action: str,
        total: int = 0,
        unit: str = "videos",
        console: Console | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Makes a display that shows nothing yet.

        Args:
            action: what is being done, such as ``"indexing"``.
            total: number of things it is done to; 0: not known yet.
            unit: what these things are.
            console: for tests; none: stderr.
            clock: for tests; seconds.
        """
        self._action = action
        self._unit = unit
        self._console = console or screen(errors=True)
        self._clock = clock
        self._started = self._last_line = clock()
        self._failed = 0
        self._video_seconds = 0.0
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                MofNCompleteColumn(),
                TextColumn("{task.fields[speed]}"),
                TimeElapsedColumn(),
                TimeRemainingColumn(),
                console=self._console,
                transient=True,
            )
            self._task = self._bar.add_task(action, total=total or None, speed="")

    @property
    def elapsed_seconds(self) -> float:
        """Time since the start."""
        return self._clock() - self._started

    def video_indexed(self, file: IndexedFile, done: int, total: int) -> None:
        """Callback of indexing."""
        reason = file.reason if file.outcome is Outcome.failed else None
        self.advance(file.video_id, done, total, file.seconds, reason)

    def query_searched(self, result: SearchResult | VideoSearchResult, done: int, total: int) -> None:
        """Callback of searching."""
        reason = None if result.error is None else result.error.reason
        self.advance(result.query_id, done, total, result.seconds, reason)

    def features_made(self, result: FeatureResult, done: int, total: int) -> None:
        """Callback of computing features."""
        reason = result.reason if result.outcome is FeatureOutcome.failed else None
        self.advance(result.video_id, done, total, result.seconds, reason)

    def compared(self, name: str, done: int, total: int, failure: str | None) -> None:
        """Callback of comparing whole videos."""
        self.advance(name, done, total, failure=failure)

    def counted(self, done: int, total: int) -> None:
        """Callback of work that only counts."""
        self.advance("", done, total)

    def __enter__(self) -> Self:
        if self._bar is not None:
            self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def advance(self, name: str, done: int, total: int, video_seconds: float = 0.0, failure: str | None = None) -> None:
        """Tells that one more thing is done.

        Args:
            name: what it is, for the line about its failure.
            done: how many are done.
            total: how many there are.
            video_seconds: seconds of video that were worked on.
            failure: why it failed; none: it did not.
        """
        self._video_seconds += video_seconds
        if failure is not None:
            self._failed += 1
            self._console.print(f"failed: {printable(name)}: {printable(failure)}", soft_wrap=True)
        if self._bar is not None:
            self._bar.update(self._task, completed=done, total=total, speed=self._speed())
        elif done == total or self._clock() - self._last_line >= LINE_EVERY_SECONDS:
            self._last_line = self._clock()
            parts = [f"{self._action}: {done} of {total} {self._unit}", duration(self.elapsed_seconds), self._speed()]
            if self._failed:
                parts.append(f"{self._failed} failed")
            self._console.print(", ".join(part for part in parts if part), soft_wrap=True)

    def _speed(self) -> str:
        if not self._video_seconds or self.elapsed_seconds <= 0:
            return ""
        return f"{self._video_seconds / self.elapsed_seconds:.1f} s of video a second"
