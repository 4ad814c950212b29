import numpy as np
from vdup.train.families.nearest import group_with_nearest, nearest_others


def test_nearest_others_against_a_loop() -> None:
    rng = np.random.default_rng(1)
    rows = rng.standard_normal((1500, 6))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16)
    found = nearest_others(rows, 3)
    assert found.shape == (1500, 3)
    exact = rows.astype(np.float32)
    for row in (0, 700, 1023, 1024, 1499):
        cosines = exact @ exact[row]
        cosines[row] = -np.inf
        np.testing.assert_allclose(cosines[found[row]], np.sort(cosines)[::-1][:3], atol=1e-5)
        assert row not in found[row]


def test_few_rows_have_few_others() -> None:
    assert nearest_others(np.eye(2, dtype=np.float16), 3).tolist() == [[1], [0]]
    assert nearest_others(np.eye(3, dtype=np.float16), 0).shape == (3, 0)


def test_groups_against_a_loop() -> None:
    rng = np.random.default_rng(2)
    nearest = np.stack([rng.permutation(40)[:5] for _ in range(40)])
    order = rng.permutation(40)[:30]
    groups = group_with_nearest(order, nearest)

    left = [int(number) for number in order]
    expected = []
    while left:
        leader = left.pop(0)
        group = [leader]
        for other in nearest[leader].tolist():
            if other in left:
                left.remove(other)
                group.append(other)
        expected.append(group)
    assert [group.tolist() for group in groups] == expected
    assert any(len(group) > 2 for group in groups)


def test_what_has_no_neighbours_is_alone() -> None:
    nearest = np.array([[1, 2], [-1, -1], [0, -1], [-1, -1]])
    groups = group_with_nearest(np.array([3, 2, 1, 0]), nearest)
    assert [group.tolist() for group in groups] == [[3], [2, 0], [1]]
