from collections.abc import Iterator

import pytest
import torch

from vdup.torch_threads import at_most_torch_threads


@pytest.fixture(autouse=True)
def four_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    yield
    torch.set_num_threads(before)


def test_the_lowest_limit_holds_and_the_old_number_comes_back() -> None:
    with at_most_torch_threads(3):
        assert torch.get_num_threads() == 3
        with at_most_torch_threads(1):
            assert torch.get_num_threads() == 1
        with at_most_torch_threads(8):
            assert torch.get_num_threads() == 3
    assert torch.get_num_threads() == 4


def test_a_failure_inside_gives_the_threads_back() -> None:
    with pytest.raises(KeyError), at_most_torch_threads(1):
        raise KeyError
    assert torch.get_num_threads() == 4


def test_less_than_one_is_refused() -> None:
    with pytest.raises(ValueError, match="most=0"), at_most_torch_threads(0):
        pass
