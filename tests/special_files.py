"""Files that are not regular ones."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

# A process of its own, since who waits may hold the interpreter's lock.
_LET_GO = """
import os, sys, time
time.sleep(5)
while True:
    try:
        os.close(os.open(sys.argv[1], os.O_WRONLY | os.O_NONBLOCK))
        print("somebody waited", flush=True)
    except OSError:  # nobody has it open
        pass
    time.sleep(0.1)
"""


@contextmanager
def named_pipe(path: Path) -> Iterator[Path]:
    """A named pipe that nobody writes to; the block must not wait for it.

    Whoever waits is let go after five seconds with an end of file, so that the test fails instead of waiting for ever.
    """
    os.mkfifo(path)
    words = [sys.executable, "-I", "-S", "-c", _LET_GO, str(path)]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as watcher:
        try:
            yield path
        finally:
            watcher.kill()
            waited, _ = watcher.communicate()
    assert not waited, f"{waited.splitlines()[0]} for {path}"
