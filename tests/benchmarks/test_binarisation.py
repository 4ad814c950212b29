import numpy as np

from benchmarks.binarisation import ValueTable, angle_bits
from vdup.types import CODE_BITS


def test_table_gives_back_unit_vectors_whatever_was_added_when() -> None:
    rng = np.random.default_rng(0)
    table = ValueTable()
    parts = [rng.standard_normal((rows, CODE_BITS)).astype(np.float32) for rows in (3, 1, 4)]
    numbers = [table.add(part) for part in parts]
    for part, number in zip(parts, numbers, strict=True):
        expected = part / np.linalg.norm(part, axis=1, keepdims=True)
        np.testing.assert_allclose(table.vectors(number), expected, rtol=1e-6)
    np.testing.assert_allclose(table.vectors(numbers[2][[3, 1]]), table.vectors(numbers[2])[[3, 1]])


def test_distances_are_angles_pair_by_pair() -> None:
    rng = np.random.default_rng(1)
    left, right = rng.standard_normal((2, 3, CODE_BITS)).astype(np.float32)
    table = ValueTable()
    a, b = table.add(left), table.add(right)
    found = table.distances(a, b)
    for i in range(3):
        for j in range(3):
            cosine = float(left[i] @ right[j] / np.linalg.norm(left[i]) / np.linalg.norm(right[j]))
            assert abs(found[i, j] - 1024 * np.degrees(np.arccos(cosine)) / 180) < 0.05
    np.testing.assert_allclose(table.paired_distances(a, b), np.diag(found), atol=0.05)


def test_scale_is_that_of_random_signs() -> None:
    """Signs of random projections differ with the probability angle / pi (Charikar 2002)."""
    rng = np.random.default_rng(2)
    one = rng.standard_normal(64)
    other = one + 0.8 * rng.standard_normal(64)
    cosine = one @ other / np.linalg.norm(one) / np.linalg.norm(other)
    planes = rng.standard_normal((64, 200_000))
    share = np.mean((one @ planes > 0) != (other @ planes > 0))
    assert abs(angle_bits(np.array(cosine, dtype=np.float32)) - CODE_BITS * share) < 5
    assert angle_bits(np.array([1.0, 0.0, -1.0], dtype=np.float32)).tolist() == [0, CODE_BITS / 2, CODE_BITS]
