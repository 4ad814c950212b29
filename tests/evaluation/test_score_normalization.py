import numpy as np
import pytest

from vdup.evaluation import score_normalization
from vdup.evaluation.score_normalization import normalize_scores
from vdup.types import FloatArray


def random_vectors(seed: int, count: int, width: int = 6) -> FloatArray:
    return np.random.default_rng(seed).normal(size=(count, width)).astype(np.float32)


@pytest.mark.parametrize("neighbours", [1, 3])
@pytest.mark.parametrize("block_pairs", [1, 1 << 20])
def test_products_are_the_normalised_similarities(
    neighbours: int, block_pairs: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(score_normalization, "_BLOCK_PAIRS", block_pairs)
    queries, references, noise = random_vectors(0, 5), random_vectors(1, 4), random_vectors(2, 7)
    new_queries, new_references = normalize_scores(
        queries, references, noise, beta=1.2, neighbours=neighbours, replace_dimension=False
    )
    assert new_queries.shape == (5, 7)
    assert new_queries.dtype == new_references.dtype == np.float32

    def cosine(a: FloatArray, b: FloatArray) -> float:
        return float(np.dot(a, b) / np.linalg.norm(a) / np.linalg.norm(b))

    for query, new_query in zip(queries, new_queries, strict=True):
        nearest = sorted((cosine(query, other) for other in noise), reverse=True)[:neighbours]
        for reference, new_reference in zip(references, new_references, strict=True):
            expected = cosine(query, reference) - 1.2 * sum(nearest) / neighbours
            assert float(new_query @ new_reference) == pytest.approx(expected, abs=1e-5)


def test_by_hand() -> None:
    """A query that looks like the noise loses; one that does not keeps its similarity."""
    queries = np.array([[1, 0], [0, 1]], dtype=np.float32)
    references = np.array([[1, 0], [0, 1]], dtype=np.float32)
    noise = np.array([[1, 0]], dtype=np.float32)
    new_queries, new_references = normalize_scores(queries, references, noise, replace_dimension=False)
    np.testing.assert_allclose(new_queries, [[1, 0, -1], [0, 1, 0]])
    np.testing.assert_allclose(new_queries @ new_references.T, [[0, -1], [0, 1]])


def test_the_dimension_of_least_variance_makes_room() -> None:
    queries, references, noise = random_vectors(0, 5), random_vectors(1, 4), random_vectors(2, 7)
    noise[:, 3] = 0.5
    new_queries, new_references = normalize_scores(queries, references, noise, unit_length=False)
    assert new_queries.shape == (5, 6)
    np.testing.assert_array_equal(new_queries[:, :5], np.delete(queries, 3, axis=1))
    np.testing.assert_array_equal(new_references[:, 5], np.ones(4))


def test_vectors_of_no_length_stay_finite() -> None:
    new_queries, _ = normalize_scores(np.zeros((1, 6), dtype=np.float32), random_vectors(1, 4), random_vectors(2, 7))
    assert np.isfinite(new_queries).all()


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="fit together"):
        normalize_scores(random_vectors(0, 5), random_vectors(1, 4), random_vectors(2, 7, width=5))
    with pytest.raises(ValueError, match="neighbours must be 1-7"):
        normalize_scores(random_vectors(0, 5), random_vectors(1, 4), random_vectors(2, 7), neighbours=8)
