import numpy as np
import pytest

from vdup.evaluation import descriptor_track
from vdup.evaluation.descriptor_track import DescriptorSet, candidate_pairs, nearest_vector_pairs
from vdup.evaluation.pairs import micro_average_precision
from vdup.types import FloatArray


def vectors(seed: int, count: int) -> FloatArray:
    """Small whole numbers: products are exact and often equal."""
    return np.random.default_rng(seed).integers(-3, 4, (count, 3)).astype(np.float32)


def naive_nearest(queries: FloatArray, references: FloatArray, count: int) -> list[tuple[int, int, float]]:
    triples = []
    for query_row, query in enumerate(queries):
        for reference_row, reference in enumerate(references):
            triples.append((query_row, reference_row, float(sum(a * b for a, b in zip(query, reference, strict=True)))))
    return sorted(triples, key=lambda triple: (-triple[2], triple[0], triple[1]))[:count]


@pytest.mark.parametrize("block_pairs", [1, 7, 40, 1 << 20])
@pytest.mark.parametrize("seed", range(10))
def test_nearest_equal_the_naive_sort(seed: int, block_pairs: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(descriptor_track, "_BLOCK_PAIRS", block_pairs)
    queries, references = vectors(seed, 9), vectors(seed + 100, 13)
    for count in (1, 5, 30, 117, 200):
        found = nearest_vector_pairs(queries, references, count)
        assert list(zip(*(column.tolist() for column in found), strict=True)) == naive_nearest(
            queries, references, count
        )


def naive_candidates(
    queries: DescriptorSet, references: DescriptorSet, vector_pairs: int, video_pairs: int
) -> list[tuple[str, str, float]]:
    number = len(set(queries.video_ids))
    best: dict[tuple[str, str], float] = {}
    for query_row, reference_row, score in naive_nearest(queries.features, references.features, vector_pairs * number):
        pair = queries.video_ids[query_row], references.video_ids[reference_row]
        best[pair] = max(score, best.get(pair, score))
    ordered = sorted(((q, r, score) for (q, r), score in best.items()), key=lambda item: -item[2])
    return ordered[: video_pairs * number]


@pytest.mark.parametrize("seed", range(20))
def test_candidates_equal_the_naive_rule(seed: int) -> None:
    queries = DescriptorSet(["Q0"] * 4 + ["Q1"] * 5, vectors(seed, 9))
    references = DescriptorSet(["R0"] * 6 + ["R1"] * 3 + ["R2"] * 4, vectors(seed + 100, 13))
    for vector_pairs, video_pairs in ((3, 2), (20, 1), (1000, 25)):
        found = candidate_pairs(
            queries, references, vector_pairs_per_query=vector_pairs, video_pairs_per_query=video_pairs
        )
        expected = naive_candidates(queries, references, vector_pairs, video_pairs)
        assert [(pair.query_id, pair.reference_id, pair.score) for pair in found] == expected


def test_the_budget_is_for_the_whole_data_set_by_hand() -> None:
    """Two queries with two vector pairs each: the four nearest pairs are all of Q0, and Q1's best (3) is not taken."""
    queries = DescriptorSet(["Q0", "Q0", "Q1"], np.array([[9, 0], [8, 0], [1, 0]], dtype=np.float32))
    references = DescriptorSet(["R0", "R1"], np.array([[2, 0], [3, 0]], dtype=np.float32))
    found = candidate_pairs(queries, references, vector_pairs_per_query=2)
    assert [(pair.query_id, pair.reference_id, pair.score) for pair in found] == [("Q0", "R1", 27), ("Q0", "R0", 18)]
    scores = {(pair.query_id, pair.reference_id): pair.score for pair in found}
    # Right at rank 2, one of two true pairs: 1/2 * 1/2.
    assert micro_average_precision({("Q0", "R0"), ("Q1", "R0")}, scores) == pytest.approx(0.25, abs=1e-12)
    for_four = candidate_pairs(queries, references, query_count=4, vector_pairs_per_query=2)
    assert [pair.query_id for pair in for_four] == ["Q0", "Q0", "Q1", "Q1"]


def test_nothing_to_compare() -> None:
    none = DescriptorSet([], np.zeros((0, 3), dtype=np.float32))
    some = DescriptorSet(["R0"], np.ones((1, 3), dtype=np.float32))
    assert candidate_pairs(none, some) == candidate_pairs(some, none) == candidate_pairs(none, none) == []
    assert len(nearest_vector_pairs(none.features, some.features, 5)[0]) == 0


def test_wrong_arguments() -> None:
    with pytest.raises(ValueError, match="count"):
        nearest_vector_pairs(vectors(0, 2), vectors(1, 2), 0)
    with pytest.raises(ValueError, match="cannot be compared"):
        nearest_vector_pairs(vectors(0, 2), np.zeros((2, 4), dtype=np.float32), 1)
    with pytest.raises(ValueError, match="1 ids stand beside 2 vectors"):
        DescriptorSet(["a"], vectors(0, 2))
    with pytest.raises(ValueError, match="float32"):
        DescriptorSet(["a"], np.zeros((1, 2)))  # type: ignore[arg-type]
