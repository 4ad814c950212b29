import threading

import pytest

from vdup.lookup.guard import ReadWriteLock

LONG_SECONDS = 10.0
"""Never waited for unless the lock is wrong."""

MOMENT_SECONDS = 0.05


class Holder(threading.Thread):
    """Takes the lock in a thread of its own and keeps it until told."""

    def __init__(self, lock: ReadWriteLock, *, writes: bool) -> None:
        super().__init__(daemon=True)
        self._context = lock.writing() if writes else lock.reading()
        self.has_it = threading.Event()
        self.let_go = threading.Event()
        self.start()

    def run(self) -> None:
        with self._context:
            self.has_it.set()
            self.let_go.wait(LONG_SECONDS)

    def finish(self) -> None:
        self.let_go.set()
        self.join(LONG_SECONDS)
        assert not self.is_alive()


def test_readers_share() -> None:
    lock = ReadWriteLock()
    readers = [Holder(lock, writes=False) for _ in range(3)]
    assert all(reader.has_it.wait(LONG_SECONDS) for reader in readers)
    for reader in readers:
        reader.finish()


@pytest.mark.parametrize("writes", [False, True])
def test_a_writer_is_alone(writes: bool) -> None:
    lock = ReadWriteLock()
    writer = Holder(lock, writes=True)
    assert writer.has_it.wait(LONG_SECONDS)
    other = Holder(lock, writes=writes)
    assert not other.has_it.wait(MOMENT_SECONDS)
    writer.finish()
    assert other.has_it.wait(LONG_SECONDS)
    other.finish()


def test_a_waiting_writer_goes_before_new_readers() -> None:
    lock = ReadWriteLock()
    reader = Holder(lock, writes=False)
    assert reader.has_it.wait(LONG_SECONDS)
    writer = Holder(lock, writes=True)
    assert not writer.has_it.wait(MOMENT_SECONDS)
    late_reader = Holder(lock, writes=False)
    assert not late_reader.has_it.wait(MOMENT_SECONDS)
    reader.finish()
    assert writer.has_it.wait(LONG_SECONDS)
    assert not late_reader.has_it.is_set()
    writer.finish()
    assert late_reader.has_it.wait(LONG_SECONDS)
    late_reader.finish()


def test_an_error_inside_gives_the_lock_back() -> None:
    lock = ReadWriteLock()
    with pytest.raises(KeyError), lock.writing():
        raise KeyError
    with pytest.raises(KeyError), lock.reading():
        raise KeyError
    writer = Holder(lock, writes=True)
    assert writer.has_it.wait(LONG_SECONDS)
    writer.finish()
