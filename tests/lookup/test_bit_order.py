import faiss
import numpy as np
import pytest
from lookup.code_factory import distance, shot_codes

from vdup.lookup.bit_order import learn_bit_order, reorder_bits, restore_bits
from vdup.types import CodeArray


@pytest.fixture(scope="module")
def codes() -> CodeArray:
    """Bits 0-255 are always set, bits 256-511 repeat bit 512, the other half are coins."""
    bits = np.random.default_rng(4).integers(0, 2, (3000, 1024), dtype=np.uint8)
    bits[:, :256] = 1
    bits[:, 256:512] = bits[:, 512:513]
    return np.packbits(bits, axis=1)


def test_useless_bits_come_last(codes: CodeArray) -> None:
    order = learn_bit_order(codes, keys=32, key_bits=16)
    assert sorted(order.tolist()) == list(range(1024))
    used = order[: 32 * 16]
    assert used.min() >= 256
    repeated = (used >= 256) & (used <= 512)
    # One of the 257 equal bits says as much as all, so no key takes two.
    assert repeated.reshape(32, 16).sum(axis=1).max() <= 1


def test_order_is_the_same_each_time(codes: CodeArray) -> None:
    np.testing.assert_array_equal(learn_bit_order(codes, 50, 20), learn_bit_order(codes, 50, 20))


def test_learned_keys_spread_rows_better() -> None:
    rng = np.random.default_rng(6)
    balance = np.repeat(rng.uniform(0.05, 0.95, 128), 8)
    codes = np.packbits(rng.random((4000, 1024)) < balance, axis=1)
    natural = np.arange(1024, dtype=np.int64)
    assert largest_bucket(codes, learn_bit_order(codes, 20, 16)) * 3 < largest_bucket(codes, natural)


def largest_bucket(codes: CodeArray, order: np.ndarray) -> int:
    bits = np.unpackbits(reorder_bits(codes, order), axis=1, bitorder="little")[:, : 20 * 16].reshape(-1, 20, 16)
    keys = bits.astype(np.int64) @ (1 << np.arange(16))
    return max(int(np.bincount(keys[:, key]).max()) for key in range(20))


@pytest.mark.parametrize("rows", [0, 1, 2, 17])
def test_few_rows_still_give_a_permutation(rows: int) -> None:
    order = learn_bit_order(shot_codes(max(rows, 1), np.random.default_rng(0))[:rows], keys=64, key_bits=16)
    assert sorted(order.tolist()) == list(range(1024))


def test_moving_bits_back_and_forth() -> None:
    rng = np.random.default_rng(0)
    codes = rng.integers(0, 256, (50, 128), dtype=np.uint8)
    order = rng.permutation(1024)
    moved = reorder_bits(codes, order)
    np.testing.assert_array_equal(restore_bits(moved, order), codes)
    assert [distance(moved[row], moved[0]) for row in range(50)] == [
        distance(codes[row], codes[0]) for row in range(50)
    ]
    for place in (0, 1, 9, 1023):
        expected = codes[:, order[place] // 8] >> (7 - order[place] % 8) & 1
        np.testing.assert_array_equal(moved[:, place // 8] >> (place % 8) & 1, expected)


def test_faiss_cuts_keys_from_the_places_we_fill() -> None:
    """Two rows that agree in nothing but the bits of one key must meet in that key's table."""
    rng = np.random.default_rng(0)
    order = rng.permutation(1024)
    code = rng.integers(0, 256, (1, 128), dtype=np.uint8)
    for key in (0, 1, 30, 50):
        bits = 1 - np.unpackbits(code, axis=1)
        bits[:, order[key * 20 : key * 20 + 20]] ^= 1
        other = np.packbits(bits, axis=1)
        for flipped_place, found in ((None, True), (key * 20, False), (key * 20 + 19, False)):
            query = other.copy()
            if flipped_place is not None:
                bit = order[flipped_place]
                query[0, bit // 8] ^= 128 >> bit % 8
            index = faiss.IndexBinaryMultiHash(1024, 51, 20)
            index.add(reorder_bits(code, order))
            _, positions = index.search(reorder_bits(query, order), 1)
            assert (positions[0, 0] == 0) == found
