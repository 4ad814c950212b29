import math

import pytest

from vdup.lookup.list_plan import plan_lists


@pytest.mark.parametrize(
    ("rows", "lists", "probes"),
    [(0, 1, 1), (1, 1, 1), (63, 1, 1), (64, 2, 2), (1000, 16, 16), (10**5, 1024, 32), (10**6, 4096, 128)],
)
def test_lists_follow_the_size(rows: int, lists: int, probes: int) -> None:
    plan = plan_lists(rows)
    assert (plan.lists, plan.probes, plan.planned_rows) == (lists, probes, rows)


@pytest.mark.parametrize("rows", [50_000, 10**6, 3 * 10**6, 10**7])
def test_large_libraries_get_the_nearest_power_of_two(rows: int) -> None:
    wanted = math.log2(4 * math.sqrt(rows))
    assert abs(math.log2(plan_lists(rows).lists) - wanted) <= 0.5


def test_wishes_are_met_where_there_are_rows_enough() -> None:
    plan = plan_lists(10_000, lists=100, probes=7)
    assert (plan.lists, plan.probes) == (100, 7)
    small = plan_lists(200, lists=100, probes=70)
    assert (small.lists, small.probes) == (6, 6)
