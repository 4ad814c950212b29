"""Whatever becomes of an annotation file, a loader reads it or says what is wrong with which file."""

import random
from pathlib import Path

import pytest
from miniature_datasets import WRITERS, write_cc_web_video_pickle

from vdup.datasets.registry import load_dataset
from vdup.errors import ConfigError

ROUNDS = 15
PIECES = (b"\0", b"\xff\xfe", b"\xc3\xa9", b"nan", b"1e999", b"-1", b"9" * 30, b",", b"\t", b"\r\n", b'"', b"[")


def damaged(source: random.Random, data: bytes) -> bytes:
    """A byte changed, some taken out, a piece put in, or a part repeated."""
    place, end = sorted(source.randrange(len(data)) for _ in range(2))
    return source.choice(
        (
            data[:place] + bytes([source.randrange(256)]) + data[place + 1 :],
            data[:place] + data[place + source.randint(1, 12) :],
            data[:place] + source.choice(PIECES) + data[place:],
            data[:end] + data[place : place + 40] + data[end:],
        )
    )


@pytest.mark.parametrize("name", WRITERS)
def test_damage_never_surprises(tmp_path: Path, name: str) -> None:
    WRITERS[name](tmp_path)
    if name == "cc_web_video":
        write_cc_web_video_pickle(tmp_path)
    whole = {file: file.read_bytes() for file in sorted(tmp_path.rglob("*")) if file.is_file() and file.stat().st_size}
    source = random.Random(name)
    messages = []
    for _ in range(ROUNDS):
        file = source.choice(list(whole))
        file.write_bytes(damaged(source, whole[file]))
        try:
            load_dataset(name, tmp_path)
        except ConfigError as error:
            messages.append(str(error))
        file.write_bytes(whole[file])
    assert messages
    assert all(str(tmp_path) in message for message in messages)
    load_dataset(name, tmp_path)
