"""How many keys a code is cut into and how long they are."""

import math
from dataclasses import dataclass

from vdup.types import CODE_BITS

_KEY_BITS_AT_LEAST = 10
_KEYS_AT_LEAST = 50
_KEYS_AT_MOST = 200
_EXAMPLE_FLIP_RATES = (0.10, 0.15, 0.20)


@dataclass(frozen=True)
class KeyPlan:
    """Shape of a multi-hash index."""

    keys: int
    """Keys of one code, that is hash tables."""
    key_bits: int
    flips: int
    """Query keys that differ in up to this many bits are looked up too."""
    planned_rows: int
    """Size of the library that this was chosen for."""

    def reasons(self) -> tuple[str, ...]:
        """Why these numbers, one sentence each."""
        bucket = self.planned_rows / 2**self.key_bits
        recall = ", ".join(
            f"{expected_recall(rate, self.keys, self.key_bits, self.flips):.3f} at {rate:.0%}"
            for rate in _EXAMPLE_FLIP_RATES
        )
        return (
            f"{self.key_bits} bits a key: {self.planned_rows:,} rows put about {bucket:.2g} of them into each bucket.",
            f"{self.keys} keys: they use {self.keys * self.key_bits} of {CODE_BITS} bits, each bit once.",
            f"A query looks into {self.keys * keys_within(self.key_bits, self.flips):,} buckets "
            f"and, if bits were independent, finds a row with probability {recall} flipped bits.",
        )


def keys_within(key_bits: int, flips: int) -> int:
    """Keys that differ from a given one in up to ``flips`` bits, itself included."""
    return sum(math.comb(key_bits, count) for count in range(flips + 1))


def expected_recall(flip_rate: float, keys: int, key_bits: int, flips: int = 0) -> float:
    """Probability that a row is found, if each bit flips on its own.

    With p the flip rate, a key of b bits agrees with probability a = (1-p)^b, and one of n keys agrees with
    P = 1 - (1 - a)^n. When keys with up to f flipped bits are looked up too, a is the sum over i <= f of
    C(b, i) p^i (1-p)^(b-i). Real flips sit on bits near their threshold, which the formula does not know.

    Args:
        flip_rate: share of bits in which the query differs, 0-1.
        keys: number of keys, n.
        key_bits: bits of a key, b.
        flips: f.

    Returns:
        Probability, 0-1.

    Raises:
        ValueError: ``flip_rate`` outside 0-1.

    Reference: Norouzi, Punjani and Fleet, "Fast search in Hamming space with multi-index hashing", CVPR 2012.
    """
    if not 0 <= flip_rate <= 1:
        raise ValueError(f"flip_rate must be 0-1, got {flip_rate}")
    agrees = sum(
        math.comb(key_bits, count) * flip_rate**count * (1 - flip_rate) ** (key_bits - count)
        for count in range(flips + 1)
    )
    return 1.0 - (1.0 - min(agrees, 1.0)) ** keys


def plan_keys(rows: int, keys: int = 0, key_bits: int = 0, flips: int = 1) -> KeyPlan:
    """Number and length of keys for a library.

    A key has about log2(rows) bits, so that a bucket holds about one row: shorter keys drown a query in unrelated
    rows, longer ones are missed more often. It is kept to 10 bits at least, and short enough (20 bits) that 50 keys
    fit into the 1,024 bits, unless the caller asks for longer ones. There are then as many keys as fit, 200 at most:
    each further one finds more.

    Args:
        rows: stored rows, 0 or more.
        keys: wanted number of keys, 0 for automatic.
        key_bits: wanted bits of a key, 0 for automatic.
        flips: differing bits of a key to allow at search time.

    Returns:
        The plan, with keys x bits <= 1,024.

    Raises:
        ValueError: a negative number, or wanted keys that do not fit into a code.
    """
    if min(rows, keys, key_bits, flips) < 0:
        raise ValueError(f"rows, keys, key_bits and flips must be 0 or more, got {rows}, {keys}, {key_bits}, {flips}")
    if max(keys, 1) * max(key_bits, 1) > CODE_BITS:
        raise ValueError(f"{keys} keys of {key_bits} bits do not fit into {CODE_BITS} bits")
    if key_bits == 0:
        longest = CODE_BITS // max(keys, _KEYS_AT_LEAST)
        key_bits = min(max(round(math.log2(max(rows, 1))), _KEY_BITS_AT_LEAST), longest)
    if keys == 0:
        keys = min(CODE_BITS // key_bits, _KEYS_AT_MOST)
    return KeyPlan(keys, key_bits, min(flips, key_bits), rows)
