"""Whether a folder is a library, may become one, or holds something else."""

from pathlib import Path

from vdup.catalogue.catalogue import CATALOGUE_NAME
from vdup.catalogue.durable import library_errors
from vdup.catalogue.lock import HOLDER_NAME, LOCK_NAME
from vdup.catalogue.manifest import MANIFEST_NAME
from vdup.catalogue.recovery import GENERATION_FILE
from vdup.errors import LibraryError

_UNFINISHED = {
    LOCK_NAME,
    HOLDER_NAME,
    CATALOGUE_NAME,
    f"{CATALOGUE_NAME}-journal",
    "codes-0.bin",
    "rows-0.bin",
    f"{MANIFEST_NAME}.new",
}
"""All that a crash while a library is being made can leave: the manifest comes last."""


def check_place(path: Path, create: bool) -> None:
    """Refuses a folder that is no library; changes nothing.

    Args:
        path: The folder.
        create: A missing or empty folder will do, and so will one in which a library was about to be made.

    Raises:
        LibraryError: There is no library, or the folder holds something else.
    """
    if path.exists() and not path.is_dir():
        raise LibraryError(f"{path} is a file, and a library is a folder. Choose another library=DIR.")
    with library_errors(path, "read"):
        names = {entry.name for entry in path.iterdir()} if path.is_dir() else set()
    if MANIFEST_NAME in names and any(name == CATALOGUE_NAME or GENERATION_FILE.fullmatch(name) for name in names):
        return
    others = sorted(names - _UNFINISHED)
    if others:
        listing = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        raise LibraryError(
            f"{path} is not a library of vdup: it holds {listing}. Nothing was written there; choose another "
            "library=DIR, or an empty folder to make one."
        )
    if not create:
        raise LibraryError(
            f"there is no library at {path}. Make one with `python -m vdup.index videos=DIR library={path}`, or point "
            "library=DIR to an existing one."
        )
