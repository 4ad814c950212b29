import json

import numpy as np
import pytest
from numpy.typing import NDArray

from vdup.errors import IndexFileError
from vdup.hashing.index import HashIndex


def random_codes(count: int, code_bytes: int, seed: int = 0) -> NDArray[np.uint8]:
    return np.random.default_rng(seed).integers(0, 256, (count, code_bytes), dtype=np.uint8)


def ranked(code: NDArray[np.uint8], stored: dict[int, NDArray[np.uint8]]) -> list[tuple[int, int]]:
    """Distance and number of all stored codes, in plain loops."""
    found = []
    for number, other in stored.items():
        distance = sum(bin(int(a) ^ int(b)).count("1") for a, b in zip(code, other, strict=True))
        found.append((distance, number))
    return sorted(found)


@pytest.mark.parametrize("code_bytes", [1, 2, 6, 8])
@pytest.mark.parametrize("neighbours", [1, 7, 60, 500])
def test_search_is_the_sorted_list_ties_by_number(code_bytes: int, neighbours: int) -> None:
    codes = random_codes(200, code_bytes)
    numbers = np.random.default_rng(1).permutation(1000)[:200].tolist()
    index = HashIndex(code_bytes, "f")
    index.add(numbers[:50], codes[:50])
    index.add(numbers[50:], codes[50:])
    stored = dict(zip(numbers, codes, strict=True))
    queries = random_codes(20, code_bytes, seed=2)
    found, distances = index.search(queries, neighbours)
    assert found.shape == distances.shape == (20, min(neighbours, 200))
    for query, row, far in zip(queries, found.tolist(), distances.tolist(), strict=True):
        assert list(zip(far, row, strict=True)) == ranked(query, stored)[:neighbours]


def test_a_video_has_one_code() -> None:
    index = HashIndex(6, "f")
    index.add([3, 1], random_codes(2, 6))
    index.add([3], random_codes(1, 6, seed=5))
    assert len(index) == 2
    assert index.numbers.tolist() == [1, 3]
    found, distances = index.search(random_codes(1, 6, seed=5), 1)
    assert (found[0, 0], distances[0, 0]) == (3, 0)


def test_removed_videos_are_not_found() -> None:
    codes = random_codes(5, 2)
    index = HashIndex(2, "f")
    index.add([1, 2, 3, 4, 5], codes)
    index.search(codes, 1)
    assert index.remove([2, 4, 99]) == 2
    found, _ = index.search(codes, 5)
    assert {*found.ravel().tolist()} == {1, 3, 5}
    assert index.remove([1, 3, 5]) == 3
    assert index.search(codes, 5)[0].shape == (5, 0)


def test_wrong_arguments() -> None:
    index = HashIndex(6, "f")
    for numbers, codes in (
        ([1], random_codes(1, 5)),
        ([1, 2], random_codes(1, 6)),
        ([1, 1], random_codes(2, 6)),
        ([-1], random_codes(1, 6)),
        ([1], random_codes(1, 6).astype(np.int64)),
    ):
        with pytest.raises(ValueError, match="must"):
            index.add(numbers, codes)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="neighbours=0"):
        index.search(random_codes(1, 6), 0)
    with pytest.raises(ValueError, match="codes must be"):
        index.search(random_codes(1, 8), 1)
    with pytest.raises(ValueError, match="code_bytes=0"):
        HashIndex(0, "f")


@pytest.mark.parametrize("count", [0, 1, 30])
def test_bytes_give_the_same_index(count: int) -> None:
    index = HashIndex(6, "some network")
    index.add(list(range(0, 3 * count, 3)), random_codes(count, 6))
    again = HashIndex.from_bytes(index.to_bytes(), "x")
    assert again.fingerprint == "some network"
    assert again.numbers.tolist() == index.numbers.tolist()
    queries = random_codes(4, 6, seed=9)
    (ours, near), (theirs, far) = again.search(queries, 5), index.search(queries, 5)
    assert np.array_equal(ours, theirs)
    assert np.array_equal(near, far)
    assert again.to_bytes() == index.to_bytes()


def test_damage_is_seen() -> None:
    index = HashIndex(6, "f")
    index.add([1, 2], random_codes(2, 6))
    whole = index.to_bytes()
    for place in range(len(whole)):
        damaged = bytearray(whole)
        damaged[place] ^= 4
        with pytest.raises(IndexFileError, match="a file"):
            HashIndex.from_bytes(bytes(damaged), "a file")
    for length in (0, 5, len(whole) // 2, len(whole) - 1):
        with pytest.raises(IndexFileError, match="a file"):
            HashIndex.from_bytes(whole[:length], "a file")
    with pytest.raises(IndexFileError, match="not an index"):
        HashIndex.from_bytes(json.dumps({}).encode() * 50, "a file")
