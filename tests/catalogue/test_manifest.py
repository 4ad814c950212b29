import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from catalogue.samples import SETTINGS

from vdup.catalogue.manifest import (
    MANIFEST_NAME,
    SCHEMA_VERSION,
    Manifest,
    Setting,
    fingerprint_settings,
    read_manifest,
    write_manifest,
)
from vdup.errors import FingerprintError, LibraryDamagedError, LibraryError


def test_the_fingerprint_is_the_hash_of_sorted_json() -> None:
    wanted = hashlib.sha256(b'{"a":"x","b":1,"c":true,"d":0.5}').hexdigest()
    assert fingerprint_settings({"d": 0.5, "c": True, "b": 1.0, "a": "x"}) == wanted


def test_equal_numbers_have_one_fingerprint_and_booleans_another() -> None:
    assert fingerprint_settings({"fps": 1}) == fingerprint_settings({"fps": 1.0})
    assert fingerprint_settings({"fps": 1}) != fingerprint_settings({"fps": True})
    assert fingerprint_settings({"fps": 1}) != fingerprint_settings({"fps": "1"})


@pytest.mark.parametrize(("value", "kind"), [(None, TypeError), ([1], TypeError), (float("nan"), ValueError)])
def test_values_that_are_no_settings(value: Any, kind: type[Exception]) -> None:
    with pytest.raises(kind, match="setting fps"):
        fingerprint_settings({"fps": value})


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    manifest = Manifest.of(SETTINGS)
    write_manifest(tmp_path, manifest)
    assert read_manifest(tmp_path) == manifest
    assert manifest.schema_version == SCHEMA_VERSION
    manifest.check(dict(reversed(SETTINGS.items())), tmp_path)


def test_a_mismatch_lists_exactly_the_settings_that_differ(tmp_path: Path) -> None:
    now: dict[str, Setting] = {"sampling.library_fps": 2.0, "backbone": "lite0", "crop": 1, "new": "x"}
    with pytest.raises(FingerprintError) as caught:
        Manifest.of(SETTINGS).check(now, tmp_path)
    lines = str(caught.value).splitlines()
    assert lines[0].startswith(f"{tmp_path}: ")
    assert lines[1:-1] == [
        "  crop: the library has true, now 1",
        '  new: the library has no such setting, now "x"',
        "  pooling.levels: the library has 3, now no such setting",
        "  sampling.library_fps: the library has 1.0, now 2.0",
    ]
    assert "python -m vdup.index videos=PATH library=NEW" in lines[-1]


def _edit(folder: Path, **changes: object) -> None:
    path = folder / MANIFEST_NAME
    path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))


def test_a_newer_version_is_refused_whatever_else_it_holds(tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest.of(SETTINGS))
    _edit(tmp_path, schema_version=SCHEMA_VERSION + 1, settings="kept elsewhere")
    with pytest.raises(LibraryError, match="Update vdup") as caught:
        read_manifest(tmp_path)
    assert not isinstance(caught.value, LibraryDamagedError)


@pytest.mark.parametrize(
    "changes",
    [
        {"schema_version": "1"},
        {"schema_version": True},
        {"schema_version": 0},
        {"settings": [1]},
        {"settings": {"fps": None}},
        {"settings": {"fps": float("inf")}},
        {"fingerprint": "0" * 64},
        {"fingerprint": None},
        {"settings": {**SETTINGS, "pooling.levels": 4}},
    ],
)
def test_a_manifest_that_was_tampered_with(changes: dict[str, object], tmp_path: Path) -> None:
    write_manifest(tmp_path, Manifest.of(SETTINGS))
    _edit(tmp_path, **changes)
    with pytest.raises(LibraryDamagedError, match=MANIFEST_NAME):
        read_manifest(tmp_path)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b"\xff\x00", b"[" * 100_000])
def test_a_manifest_that_is_no_json_object(data: bytes, tmp_path: Path) -> None:
    (tmp_path / MANIFEST_NAME).write_bytes(data)
    with pytest.raises(LibraryDamagedError, match=r"manifest\.json is damaged"):
        read_manifest(tmp_path)


def test_every_flipped_byte_is_noticed_or_harmless(tmp_path: Path) -> None:
    manifest = Manifest.of(SETTINGS)
    write_manifest(tmp_path, manifest)
    path = tmp_path / MANIFEST_NAME
    data = path.read_bytes()
    for place in range(len(data)):
        path.write_bytes(data[:place] + bytes([data[place] ^ 0x11]) + data[place + 1 :])
        try:
            found = read_manifest(tmp_path)
        except LibraryError:
            continue
        assert found == manifest


def test_a_missing_manifest(tmp_path: Path) -> None:
    with pytest.raises(LibraryError, match="cannot read"):
        read_manifest(tmp_path)
