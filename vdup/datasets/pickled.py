"""Annotations published as pickles: containers, numbers and strings, read without executing anything."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vdup.datasets.annotation_file import reading
from vdup.errors import ConfigError
from vdup.feature_files.array_parts import RefusedPickleError
from vdup.feature_files.array_pickle import read_plain_pickle
from vdup.regular_file import read_regular


def read_pickle(path: Path, keys: Sequence[str]) -> dict[str, Any]:
    """Reads a dictionary.

    Args:
        path: pickle of a dictionary with strings as keys.
        keys: what it must have.

    Returns:
        The dictionary.

    Raises:
        ConfigError: the file cannot be read, asks for more than plain values, or lacks a key.
    """
    with reading(path, "a pickle"):
        data = read_regular(path)
    try:
        held = read_plain_pickle(data)
    except RefusedPickleError as error:
        raise ConfigError(f"{path} is not read: {error}") from error
    missing = [key for key in keys if not isinstance(held, dict) or key not in held]
    if not isinstance(held, dict) or missing:
        raise ConfigError(f"{path}: must be a dictionary with {', '.join(keys)}; {', '.join(missing)} is not in it")
    return {str(key): value for key, value in held.items()}


def strings(path: Path, values: object) -> tuple[str, ...]:
    """Checks that a value read from ``path`` is a container of strings; those of a set are sorted, repeats left out.

    Raises:
        ConfigError: it is something else.
    """
    if not isinstance(values, list | tuple | set | frozenset) or not all(isinstance(value, str) for value in values):
        raise ConfigError(f"{path}: there must be a list or a set of ids, got {type(values).__name__}")
    return tuple(dict.fromkeys(sorted(values) if isinstance(values, set | frozenset) else values))
