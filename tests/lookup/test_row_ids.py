import numpy as np

from vdup.lookup.row_ids import FORGOTTEN, RowIds
from vdup.types import RowArray


def rows(*numbers: int) -> RowArray:
    return np.array(numbers, dtype=np.int64)


def test_positions_and_names_stay_together() -> None:
    column = RowIds()
    column.append(rows(5, 900, 7))
    column.append(rows())
    column.append(rows(3))
    assert column.values.tolist() == [5, 900, 7, 3]
    column.forget(column.mask(rows(900, 4)))
    assert column.values.tolist() == [5, FORGOTTEN, 7, 3]
    assert len(column) == 4
    column.drop(column.values == FORGOTTEN)
    column.append(rows(900))
    assert column.values.tolist() == [5, 7, 3, 900]


def test_stored_ids_are_recognised() -> None:
    column = RowIds()
    assert column.already_stored(rows(0, 1)).tolist() == []
    column.append(rows(10, 4))
    assert column.already_stored(rows()).tolist() == []
    assert column.already_stored(rows(11, 12)).tolist() == []
    assert column.already_stored(rows(3, 4, 12, 10)).tolist() == [4, 10]
    column.forget(column.mask(rows(4)))
    assert column.already_stored(rows(4)).tolist() == []


def test_many_small_additions() -> None:
    column = RowIds()
    for number in range(3000):
        column.append(rows(number))
    assert column.values.tolist() == list(range(3000))
