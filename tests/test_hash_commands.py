"""Short codes from the index to the answer, by the commands."""

import csv
from pathlib import Path

import pytest
import torch
from action_folder import moving_square
from command_runner import run_command

from vdup.hashing.network import HashNetwork, HashShape, save_hash_network
from vdup.index import main as index
from vdup.query import main as query
from vdup.video.writer import write_video


@pytest.mark.slow
def test_videos_are_hashed_and_found(tmp_path: Path) -> None:
    (tmp_path / "films").mkdir()
    for number in range(3):
        write_video(tmp_path / "films" / f"{number}.avi", moving_square(number == 1, number), 12, "mpeg4")
    torch.manual_seed(0)
    save_hash_network(tmp_path / "w.safetensors", HashNetwork(HashShape("mc3_18", 64, 4, 16)), {})
    small = ("aggregation=none", "backbone.device=cpu", "sampling.workers=1")

    plain = run_command(index, tmp_path, "videos=films", *small)
    assert (plain.code, "code of" in plain.out) == (0, False), plain.err
    asked = run_command(query, tmp_path, "videos=films/1.avi", "level=hash", "hash.weights=w.safetensors", *small)
    assert "without a code of this network, and not looked at: 3 videos of the library" in asked.out

    hashed = run_command(index, tmp_path, "videos=films", "hash.weights=w.safetensors", *small)
    assert (hashed.code, "3 codes of 64 bits in the library, 3 of them new" in hashed.out) == (0, True), hashed.err
    words = ("videos=films/1.avi", "level=hash", "hash.weights=w.safetensors", "output=m.csv", *small)
    asked = run_command(query, tmp_path, *words)
    assert asked.code == 0, asked.err
    rows = list(csv.DictReader((tmp_path / "m.csv").read_text().splitlines()))
    assert len(rows) == 3
    assert min(rows, key=lambda row: (row["ref_id"] != "1.avi", int(row["distance_bits"])))["distance_bits"] == "0"

    without = run_command(query, tmp_path, "videos=films/1.avi", "level=hash", *small)
    assert (without.code, "needs hash.weights=FILE" in without.err) == (2, True)
