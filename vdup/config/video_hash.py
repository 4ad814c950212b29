"""Settings of search by one short code a video."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(kw_only=True)
class HashConfig:
    """The network of ``level=hash``."""

    weights: Path | None = None
    """File made by ``python -m vdup.train +experiment=c3d_hash``. Given to ``vdup.index``, videos of the library that
    have no code yet get one; ``level=hash`` needs it."""
