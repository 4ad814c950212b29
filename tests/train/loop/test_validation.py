import numpy as np
import pytest
from vdup.train.loop.validation import FLOAT_STEPS, average_precision, validate

from vdup.types import FloatArray

FAMILIES, VIEWS, BITS = 12, 3, 32
EDITS = tuple(("", "crop", "crop+hue", "blur") for _ in range(FAMILIES))


def some_values(noise: float, seed: int = 0) -> FloatArray:
    rng = np.random.default_rng(seed)
    originals = rng.standard_normal((FAMILIES, 1, BITS))
    copies = originals + noise * rng.standard_normal((FAMILIES, VIEWS, BITS))
    return np.concatenate([originals, copies], axis=1).astype(np.float32)


def naive_ap(distances: list[tuple[float, bool]]) -> float:
    """Precision at each distinct distance, times the recall won there."""
    positives = sum(is_right for _, is_right in distances)
    total, before = 0.0, 0
    for threshold in sorted({distance for distance, _ in distances}):
        reported = [is_right for distance, is_right in distances if distance <= threshold]
        total += (sum(reported) - before) / positives * sum(reported) / len(reported)
        before = sum(reported)
    return total


def naive_distances(values: FloatArray, binary: bool) -> dict[tuple[int, int], list[float]]:
    found: dict[tuple[int, int], list[float]] = {}
    for family in range(FAMILIES):
        for view in range(1, 1 + VIEWS):
            row = []
            for other in range(FAMILIES):
                a, b = values[family, view].astype(np.float64), values[other, 0].astype(np.float64)
                if binary:
                    row.append(float(((a >= 0) != (b >= 0)).sum()))
                else:
                    cosine = (a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
                    row.append(round((1 - cosine) / 2 * FLOAT_STEPS))
            found[family, view] = row
    return found


@pytest.mark.parametrize("noise", [0.3, 1.0, 2.5])
def test_against_loops(noise: float) -> None:
    values = some_values(noise)
    found = validate(values, EDITS)
    binary = naive_distances(values, binary=True)
    pairs = [(row[other], other == family) for (family, _), row in binary.items() for other in range(FAMILIES)]
    assert found.code_ap == pytest.approx(naive_ap(pairs))
    real = naive_distances(values, binary=False)
    pairs = [(row[other], other == family) for (family, _), row in real.items() for other in range(FAMILIES)]
    assert found.float_ap == pytest.approx(naive_ap(pairs), abs=0.002)
    hits = {
        place: all(row[place[0]] < distance for other, distance in enumerate(row) if other != place[0])
        for place, row in binary.items()
    }
    assert found.recall == pytest.approx(np.mean(list(hits.values())))
    for name, views in (("crop", (1, 2)), ("hue", (2,)), ("blur", (3,))):
        expected = np.mean([hit for (_, view), hit in hits.items() if view in views])
        assert found.recall_by_edit[name] == pytest.approx(expected)
    assert set(found.recall_by_edit) == {"crop", "hue", "blur"}


def test_copies_without_any_change_are_all_found() -> None:
    found = validate(some_values(0.0), EDITS)
    assert (found.code_ap, found.float_ap, found.recall) == (1, 1, 1)


def test_codes_that_have_collapsed_find_nothing() -> None:
    found = validate(np.ones((FAMILIES, 1 + VIEWS, BITS), dtype=np.float32), EDITS)
    assert found.recall == 0
    assert found.code_ap == pytest.approx(1 / FAMILIES)


def test_zero_counts_as_positive_as_in_the_codes() -> None:
    values = some_values(0.0)
    values[:, 0, :4] = 0
    values[:, 1:, :4] = 1
    assert validate(values, EDITS).recall == 1


def test_average_precision_by_hand() -> None:
    right, wrong = np.array([1, 0, 1, 0]), np.array([0, 2, 0, 5])
    assert average_precision(right, wrong) == pytest.approx((1 + 2 / 4) / 2)


@pytest.mark.parametrize("shape", [(0, 4, 8), (3, 1, 8), (3, 8)])
def test_impossible_shapes(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="at least one family and one copy"):
        validate(np.zeros(shape, dtype=np.float32), ())


def test_edits_of_other_families() -> None:
    with pytest.raises(ValueError, match="edits must name the 4 rows of each of 12 families"):
        validate(some_values(0.1), EDITS[:-1])
