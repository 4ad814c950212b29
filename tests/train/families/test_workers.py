from contextlib import closing

import numpy as np
import pytest
from family_sources import ModulesOfWorkers, NumberedFamilies, family_processes
from vdup.train.families.pictures import Family, PhotographFamilies
from vdup.train.families.workers import families_of


def made(source: NumberedFamilies, numbers: list[int], epoch: int = 0, workers: int = 1) -> dict[int, list[Family]]:
    with closing(families_of(source, numbers, epoch, workers)) as parts:
        return dict(parts)


@pytest.mark.parametrize("workers", [1, 3])
def test_families_come_in_order_and_as_made_here(workers: int) -> None:
    source = NumberedFamilies(parts=12, per_part=2)
    numbers = [7, 0, 11, 3, 4, 5, 6, 1]
    parts = made(source, numbers, epoch=2, workers=workers)
    assert list(parts) == numbers
    for number, families in parts.items():
        for family, expected in zip(families, source.load(number, epoch=2), strict=True):
            np.testing.assert_array_equal(family.images, expected.images)
            assert (family.edits, family.scene) == (expected.edits, expected.scene)


def test_no_parts() -> None:
    assert made(NumberedFamilies(3), []) == {}


def test_unreadable_parts_are_empty_and_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    parts = made(NumberedFamilies(4, unreadable=(1,)), [0, 1, 2, 3])
    assert [len(families) for families in parts.values()] == [1, 0, 1, 1]
    assert [record.getMessage() for record in caplog.records] == ["skipped part1: not a picture"]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_part_that_kills_its_process_costs_only_itself(workers: int, caplog: pytest.LogCaptureFixture) -> None:
    parts = made(NumberedFamilies(8, deadly=(2, 3)), list(range(8)), workers=workers)
    assert [len(families) for families in parts.values()] == [1, 1, 0, 0, 1, 1, 1, 1]
    assert caplog.text.count("was killed by signal 9") == 2


def test_faults_of_the_program_are_not_skipped() -> None:
    with pytest.raises(RuntimeError, match=r"part 1 .*failed(.|\n)*ZeroDivisionError: a fault"):
        made(NumberedFamilies(3, failing=(1,)), [0, 1, 2])


def test_processes_end_with_the_loop() -> None:
    with closing(families_of(NumberedFamilies(50), range(50), workers=2)) as parts:
        next(parts)
        assert family_processes()
    assert not family_processes()


def test_workers_do_not_load_torch() -> None:
    source = ModulesOfWorkers("torch", "hydra", "av")
    with closing(families_of(source, [0], workers=1)) as parts:
        _, families = next(parts)
    assert families[0].edits == ("av",)


def test_impossible_number_of_workers() -> None:
    with pytest.raises(ValueError, match="workers=-1"):
        next(families_of(PhotographFamilies([], 1, 8, 0), [], workers=-1))
