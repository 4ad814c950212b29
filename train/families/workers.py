"""Families made ahead in worker processes, which do not import torch.

Each process has a pipe of its own and is given two parts at a time. A process that cannot get rid of its families waits
in its pipe, which bounds the memory. When the program ends, however it ends, the pipes close and the processes with
them.
"""

import contextlib
import logging
import os
import signal
import traceback
from collections import deque
from collections.abc import Generator, Iterable, Iterator
from multiprocessing.connection import Connection

from vdup.video.decoder_worker import SPAWN, without_main_module

from .pictures import Family, FamilySource, UnreadableError

logger = logging.getLogger(__name__)

_PARTS_AHEAD = 2
"""Parts that a process is given before its first answer is taken."""
_LIMIT_SECONDS = 300.0
"""Longest wait for one part; nothing sound takes nearly as long."""
_JOIN_SECONDS = 5.0


class _Worker:
    """A process that makes families, running from the moment it is made."""

    def __init__(self, source: FamilySource) -> None:
        self.connection, theirs = SPAWN.Pipe()
        self._process = SPAWN.Process(target=_serve, args=(theirs, source), name="vdup-families", daemon=True)
        with without_main_module(type(source).__module__), _ctrl_c_kept_out():
            self._process.start()
        theirs.close()

    def exit_code(self) -> int | None:
        self._process.join(_JOIN_SECONDS)
        return self._process.exitcode

    def end(self) -> None:
        self._process.kill()
        self._process.join(_JOIN_SECONDS)
        self.connection.close()


def families_of(
    source: FamilySource, numbers: Iterable[int], epoch: int = 0, workers: int = 0
) -> Generator[tuple[int, list[Family]], None, None]:
    """Makes the families of parts in worker processes.

    Use it inside ``contextlib.closing``, so that the processes end with the loop. Ctrl-C reaches only the caller.

    Args:
        source: where the families come from; it and its module must be importable.
        numbers: of the parts.
        epoch: of which the edits are drawn.
        workers: processes; 0 takes one less than there are processor cores, and one at least.

    Yields:
        Number and families of each part, in the order of ``numbers``; no families where the part could not be used,
        which is logged as a warning.

    Raises:
        RuntimeError: the source failed with another error than :class:`~.families.UnreadableError`.
        ValueError: ``workers`` is below 0.
    """
    if workers < 0:
        raise ValueError(f"workers={workers} must be 0 or more")
    count = workers or max(1, (os.cpu_count() or 2) - 1)
    waiting = iter(numbers)
    team: list[_Worker] = []
    # Parts go round the team, so the place of a part's worker is known without asking.
    ahead: deque[tuple[int, int]] = deque()
    turn = 0
    try:
        while True:
            while len(ahead) < _PARTS_AHEAD * count and (number := next(waiting, None)) is not None:
                if len(team) <= turn:
                    team.append(_Worker(source))
                _ask(team[turn], number, epoch)
                ahead.append((turn, number))
                turn = (turn + 1) % count
            if not ahead:
                return
            place, number = ahead.popleft()
            families = _answer(team[place], number)
            if families is None:
                team[place].end()
                team[place] = _Worker(source)
                for owner, other in ahead:
                    if owner == place:
                        _ask(team[place], other, epoch)
            yield number, families or []
    finally:
        for worker in team:
            worker.end()


def _ask(worker: _Worker, number: int, epoch: int) -> None:
    with contextlib.suppress(OSError):  # a process that is gone is noticed where its answer is waited for
        worker.connection.send((number, epoch))


def _answer(worker: _Worker, number: int) -> list[Family] | None:
    """The families of a part; None when the process did not live to make them."""
    try:
        if not worker.connection.poll(_LIMIT_SECONDS):
            logger.warning("skipped part %d: nothing came of it in %.0f s", number, _LIMIT_SECONDS)
            return None
        families, problem, is_fatal = worker.connection.recv()
    except (EOFError, OSError) as error:
        code = worker.exit_code()
        if code is not None and code >= 0:  # not killed by what it read: it would end like this every time
            raise RuntimeError(f"a process that makes training pictures ended with code {code}") from error
        logger.warning("skipped part %d: the process that worked on it was killed by signal %s", number, -(code or 0))
        return None
    if is_fatal:
        raise RuntimeError(f"part {number} of the training pictures failed:\n{problem}")
    if problem:
        logger.warning("skipped %s", problem)
    made: list[Family] = families
    return made


def _serve(connection: Connection, source: FamilySource) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    # The other end closes when the program ends or wants no more.
    with contextlib.suppress(EOFError, OSError):
        while True:
            number, epoch = connection.recv()
            connection.send(_load(source, number, epoch))


def _load(source: FamilySource, number: int, epoch: int) -> tuple[list[Family], str, bool]:
    """Families, what went wrong, and whether that is a fault of the program."""
    try:
        return source.load(number, epoch), "", False
    except UnreadableError as error:
        return [], str(error), False
    except Exception:
        return [], traceback.format_exc(), True


@contextlib.contextmanager
def _ctrl_c_kept_out() -> Iterator[None]:
    """Processes that are started inside never see Ctrl-C; here it takes effect at the end."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
