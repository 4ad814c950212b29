"""Pairs that a person has marked as no duplicates, remembered by content.

They are kept in one file of the library folder, ``verdicts.json``, by the content hashes of the two videos: a file may
be renamed, moved, or removed and added again, and the verdict holds.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from vdup.catalogue.durable import library_errors, replace_file
from vdup.errors import LibraryDamagedError
from vdup.library_files import is_there, read_file

FILE_NAME = "verdicts.json"
_VERSION = 1

ContentPair = frozenset[str]


def content_pair(first: str, second: str) -> ContentPair:
    """A pair of content hashes, in no order."""
    return frozenset((first, second))


def read_verdicts(library: Path) -> set[ContentPair]:
    """Pairs of content hashes that are no duplicates; none when nothing was marked.

    Args:
        library: folder of the library.

    Raises:
        LibraryDamagedError: the file is not of this form.
        LibraryError: it cannot be read.
    """
    path = library / FILE_NAME
    with library_errors(path, "read"):
        if not is_there(path):
            return set()
        data = read_file(path)
    try:
        document = json.loads(data)
        if document["schema_version"] != _VERSION:
            raise ValueError(f"version {document['schema_version']} is not known")
        pairs = [(str(first), str(second)) for first, second in document["not_duplicates"]]
    except (ValueError, TypeError, KeyError) as error:
        raise LibraryDamagedError(
            f"{path} is damaged ({error}); mend it, or delete it and mark the pairs again"
        ) from error
    return {content_pair(first, second) for first, second in pairs}


def write_verdicts(library: Path, pairs: Iterable[ContentPair]) -> None:
    """Keeps the pairs in place of those before.

    Args:
        library: folder of the library.
        pairs: pairs of content hashes.

    Raises:
        LibraryError: the file cannot be written; the old one is untouched.
    """
    # A file that was indexed twice under two names has one content: such a pair holds one hash.
    listed = sorted([min(pair), max(pair)] for pair in pairs)
    document = {"schema_version": _VERSION, "not_duplicates": listed}
    replace_file(library / FILE_NAME, (json.dumps(document, indent=1) + "\n").encode())
