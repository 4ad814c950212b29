"""The manifest: which settings the codes of a library were made with."""

import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from vdup.catalogue.durable import library_errors, replace_file
from vdup.errors import FingerprintError, LibraryDamagedError, LibraryError
from vdup.library_files import read_file

MANIFEST_NAME = "manifest.json"

SCHEMA_VERSION = 1
"""Version of the whole folder: manifest, catalogue tables and code files. A library of a newer version is refused."""

Setting = str | int | float | bool


def fingerprint_settings(settings: Mapping[str, Setting]) -> str:
    """SHA-256, in hex, of the settings as canonical JSON: keys sorted, no spaces, 1.0 written as 1.

    Raises:
        TypeError: A key is not a string, or a value is not a string, number or boolean.
        ValueError: A value is NaN or infinite.
    """
    canonical = {name: _canonical(name, value) for name, value in settings.items()}
    text = json.dumps(canonical, sort_keys=True, separators=(",", ":"), ensure_ascii=True, allow_nan=False)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


@dataclass(frozen=True)
class Manifest:
    """Settings that shape the codes of a library, with their fingerprint."""

    schema_version: int
    """Version of the folder's files."""
    fingerprint: str
    """SHA-256 of the settings, 64 hex digits."""
    settings: dict[str, Setting]
    """Dotted name -> value, such as ``{"sampling.library_fps": 1.0}``."""

    @classmethod
    def of(cls, settings: Mapping[str, Setting]) -> Self:
        """Manifest of this version of vdup. Raises what :func:`fingerprint_settings` raises."""
        return cls(SCHEMA_VERSION, fingerprint_settings(settings), dict(settings))

    def check(self, settings: Mapping[str, Setting], library: Path) -> None:
        """Compares with the settings of this run.

        Args:
            settings: Settings of this run.
            library: Folder of the library, for the message.

        Raises:
            FingerprintError: They differ; the message lists each setting that does.
        """
        if fingerprint_settings(settings) == self.fingerprint:
            return
        differences = []
        for name in sorted(self.settings.keys() | settings.keys()):
            old, new = self.settings.get(name), settings.get(name)
            if old is None or new is None or _canonical(name, old) != _canonical(name, new) or _kinds_differ(old, new):
                differences.append(f"  {name}: the library has {_show(old)}, now {_show(new)}")
        listing = "\n".join(differences)
        raise FingerprintError(
            f"{library}: the library was made with other settings, so its codes cannot be compared:\n{listing}\n"
            "Use the library's settings, or index the videos into another folder: python -m vdup.index videos=PATH "
            "library=NEW. That is also the way on from a library that an older vdup made."
        )


def write_manifest(folder: Path, manifest: Manifest) -> None:
    """Writes ``manifest.json``; a crash leaves the old file or the new one.

    Raises:
        LibraryFullError: The disk is full.
        LibraryError: The file cannot be written.
    """
    document = {
        "schema_version": manifest.schema_version,
        "fingerprint": manifest.fingerprint,
        "settings": manifest.settings,
    }
    text = json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n"
    replace_file(folder / MANIFEST_NAME, text.encode("utf-8"))


def read_manifest(folder: Path) -> Manifest:
    """Reads and validates ``manifest.json``.

    Raises:
        LibraryDamagedError: It is not what vdup wrote, or its fingerprint does not fit its settings.
        LibraryError: It cannot be read, or a newer vdup wrote it.
    """
    path = folder / MANIFEST_NAME
    with library_errors(path, "read"):
        data = read_file(path)
    try:
        document = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise _damaged(path, f"it is not JSON ({error})") from error
    if not isinstance(document, dict):
        raise _damaged(path, "it is not a JSON object")
    version = document.get("schema_version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise _damaged(path, f"schema_version is {version!r}, not a whole number from 1 on")
    # Before anything else is looked at: a newer version may have other keys.
    if version > SCHEMA_VERSION:
        raise newer_version(folder, version)
    settings = document.get("settings")
    if not isinstance(settings, dict):
        raise _damaged(path, "settings is not a JSON object")
    try:
        expected = fingerprint_settings(settings)
    except (TypeError, ValueError) as error:
        raise _damaged(path, str(error)) from error
    if document.get("fingerprint") != expected:
        raise _damaged(path, "its fingerprint does not fit its settings")
    return Manifest(version, expected, settings)


def newer_version(folder: Path, version: int) -> LibraryError:
    """The error for a library that a newer vdup wrote."""
    return LibraryError(
        f"{folder}: the library has format version {version}, and this vdup reads up to {SCHEMA_VERSION}. "
        "Update vdup, or index into another folder with library=DIR."
    )


def _damaged(path: Path, what: str) -> LibraryDamagedError:
    return LibraryDamagedError(
        f"{path} is damaged: {what}. Restore this file from a backup, or index the videos again into another folder "
        "with library=DIR."
    )


def _canonical(name: str, value: Setting) -> Setting:
    if not isinstance(name, str):
        raise TypeError(f"the name of a setting must be a string, got {name!r}")
    if not isinstance(value, str | int | float):
        raise TypeError(f"setting {name} must be a string, number or boolean, got {value!r}")
    if isinstance(value, float):
        if not math.isfinite(value):
            raise ValueError(f"setting {name} must be finite, got {value}")
        return int(value) if value.is_integer() else value
    return value


def _kinds_differ(old: Setting, new: Setting) -> bool:
    # Python holds True == 1, JSON does not.
    return isinstance(old, bool) != isinstance(new, bool)


def _show(value: Setting | None) -> str:
    return "no such setting" if value is None else json.dumps(value)
