"""Settings of look-up: the frame index, and the store of descriptors."""

from dataclasses import dataclass

from vdup.config.check import require


@dataclass(kw_only=True)
class FrameIndexConfig:
    """Base of the index group: look-up of frame codes."""


@dataclass(kw_only=True)
class AutoIndexConfig(FrameIndexConfig):
    """Chooses a kind by the size of the library; see docs/design.md for the measurements."""

    flat_up_to_rows: int = 300_000
    """Exact search up to this many stored codes, inverted lists above."""


@dataclass(kw_only=True)
class FlatIndexConfig(FrameIndexConfig):
    """Exact search."""


@dataclass(kw_only=True)
class MultiHashIndexConfig(FrameIndexConfig):
    """Many short keys cut from each code; a code is found when one of its keys agrees."""

    keys: int = 0
    """Number of keys, 50-200 is the useful range; 0 chooses from the size of the library."""
    key_bits: int = 0
    """Bits of one key, 10-24; 0 chooses from the size of the library."""
    flips: int = 1
    """Keys that differ in up to this many bits are looked up too."""

    def __post_init__(self) -> None:
        require(self.keys == 0 or 1 <= self.keys <= 200, "index.keys", self.keys, "0 (automatic) or 1-200")
        require(
            self.key_bits == 0 or 4 <= self.key_bits <= 32, "index.key_bits", self.key_bits, "0 (automatic) or 4-32"
        )
        require(self.keys * self.key_bits <= 1024, "index.keys * index.key_bits", self.keys * self.key_bits, "<= 1024")
        require(0 <= self.flips <= 3, "index.flips", self.flips, "0-3")


@dataclass(kw_only=True)
class IVFIndexConfig(FrameIndexConfig):
    """Inverted lists round learned centres."""

    lists: int = 0
    """Number of lists; 0 chooses from the size of the library."""
    probes: int = 0
    """Lists searched for one query; 0 chooses from the number of lists."""

    def __post_init__(self) -> None:
        require(self.lists >= 0, "index.lists", self.lists, "0 (automatic) or more")
        require(self.probes >= 0, "index.probes", self.probes, "0 (automatic) or more")


@dataclass(kw_only=True)
class StoreConfig:
    """Where the mean-pooled descriptors of videos and stretches are kept."""

    url: str | None = None
    """Address of a Qdrant server or cluster; none: embedded in the library folder."""
    api_key: str | None = None
    """Key for the server."""
    collection: str = "vdup"
    """Collection on the server."""
    timeout_seconds: float = 30.0
    """Longest wait for an answer of the server."""
    stretch_seconds: float = 20.0
    """Length of a stretch that gets a descriptor of its own; stretches overlap by half."""

    def __post_init__(self) -> None:
        require(self.stretch_seconds > 0, "store.stretch_seconds", self.stretch_seconds, "above 0")
        require(self.timeout_seconds > 0, "store.timeout_seconds", self.timeout_seconds, "above 0")
