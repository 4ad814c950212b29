"""Writes a copy-detection problem with known answers, made from photographs.

Run from the root of the repository::

    python -m benchmarks.make_problem images=DIR output=DIR references=24 queries=72 without_copies=15 seed=1

``images`` is searched for .jpg, .jpeg and .png files; ``videos=DIR`` makes the first references from real videos.
"""

import logging
import sys
import time
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from rich.console import Console
from rich.table import Table
from vdup.train.material.problem import make_problem

from vdup.errors import VdupError

_PICTURES = {".jpg", ".jpeg", ".png"}


@dataclass(kw_only=True)
class ProblemConfig:
    """What to write; ``images`` and ``output`` must be given."""

    images: Path
    """Folder of photographs."""
    output: Path
    """Folder to make."""
    references: int = 24
    queries: int = 72
    without_copies: int | None = None
    """Queries that hold no copy; left out, a fifth of the queries."""
    seed: int = 1
    videos: Path | None = None
    """Folder of real videos."""


def main(arguments: list[str]) -> None:
    """Makes the problem that the ``name=value`` arguments describe and prints what is in it."""
    console = Console()
    try:
        merged = OmegaConf.merge(OmegaConf.structured(ProblemConfig), OmegaConf.from_dotlist(arguments))
        config = OmegaConf.to_object(merged)
    except OmegaConfBaseException as error:
        raise SystemExit(f"{error}\n{__doc__}") from error
    if not isinstance(config, ProblemConfig):
        raise TypeError(f"expected ProblemConfig, got {type(config).__name__}")
    for folder in (config.images, config.videos):
        if folder is not None and not folder.is_dir():
            raise SystemExit(
                f"{folder}: there is no such folder; name one with photographs (images) or videos (videos)"
            )
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    images = sorted(path for path in config.images.rglob("*") if path.suffix.lower() in _PICTURES)
    videos = sorted(path for path in config.videos.rglob("*") if path.is_file()) if config.videos else []
    without_copies = config.queries // 5 if config.without_copies is None else config.without_copies
    started = time.perf_counter()
    try:
        truth = make_problem(
            config.output, images, config.seed, config.references, config.queries, without_copies, videos
        )
    except (ValueError, VdupError) as error:
        raise SystemExit(f"{len(images)} photographs in {config.images}: {error}") from error
    table = Table(title=str(config.output))
    table.add_column("what")
    table.add_column("number", justify="right")
    table.add_row("references", str(config.references))
    table.add_row("queries", str(config.queries))
    for copies, count in sorted(Counter(Counter(row.query_id for row in truth).values()).items()):
        table.add_row(f"queries with {copies} copied stretches", str(count))
    table.add_row("copied seconds", f"{sum(row.query_end - row.query_start for row in truth):.0f}")
    table.add_row("seconds taken", f"{time.perf_counter() - started:.0f}")
    console.print(table)


if __name__ == "__main__":
    main(sys.argv[1:])
