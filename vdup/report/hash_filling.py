"""Short codes for the videos of a library that have none, with progress and a line at the end."""

from rich.console import Console

from vdup.config import HashConfig
from vdup.pipeline.hash_lookup import HashedVideo, HashLookup
from vdup.pipeline.open_library import OpenLibrary
from vdup.report.printable import counted, screen
from vdup.report.progress import ProgressDisplay


def fill_hashes(library: OpenLibrary, config: HashConfig, console: Console | None = None) -> bool:
    """Gives the videos of a library their codes; True when each has one now.

    Args:
        library: where the videos are.
        config: which network.
        console: for tests; none: stdout.

    Raises:
        WeightsError: the network's file cannot be used.
        LibraryFullError: the disk is full; codes that were saved before are kept.
    """
    lookup = HashLookup.open(library, config)
    with ProgressDisplay("hashing", len(lookup.missing())) as display:

        def told(video: HashedVideo, done: int, total: int) -> None:
            display.advance(video.video_id, done, total, failure=None if video.error is None else video.error.reason)

        filled = lookup.fill(told)
    new = sum(video.error is None for video in filled)
    (console or screen()).print(
        f"{counted(len(lookup), 'code')} of {lookup.bits} bits in the library, {new} of them new"
    )
    return all(video.error is None for video in filled)
