"""vdup's own commands, run as a user runs them."""

import json
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any


def run_command(command: str, *settings: str) -> float:
    """Runs one of vdup's commands and returns the seconds it took.

    Args:
        command: module, such as ``vdup.index``.
        settings: as typed; paths need no quotes, the commands quote them themselves.

    Raises:
        subprocess.CalledProcessError: it ended with another status than 0.
    """
    started = time.perf_counter()
    subprocess.run([sys.executable, "-m", command, *settings], check=True)
    return time.perf_counter() - started


def matches_of(videos: Path, queries: Path, place: Path, overrides: Sequence[str]) -> list[dict[str, Any]]:
    """Indexes videos, searches for queries, and returns the matches as the JSON file tells them.

    Args:
        videos: folder of library videos.
        queries: folder of queries.
        place: folder for library and matches.
        overrides: settings; those of the matcher are for the query only.

    Raises:
        subprocess.CalledProcessError: a command failed.
    """
    shared = [word for word in overrides if not word.startswith("matcher")]
    library, output = f"library={place / 'library'}", place / "matches.json"
    run_command("vdup.index", f"videos={videos}", library, *shared)
    run_command("vdup.query", f"videos={queries}", library, f"output={output}", *overrides)
    matches: list[dict[str, Any]] = json.loads(output.read_text())["matches"]
    return matches
