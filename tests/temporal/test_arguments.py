import pytest
import torch

from vdup.temporal.arguments import check_frames, check_pairs, one_offset_each


def test_frames_fit_their_timestamps() -> None:
    check_frames(torch.zeros(2, 3, 4), torch.zeros(2, 3))
    with pytest.raises(ValueError, match=r"got \(2, 3, 4\) and \(2, 4\)"):
        check_frames(torch.zeros(2, 3, 4), torch.zeros(2, 4))


@pytest.mark.parametrize(("a", "b", "k"), [(3, 3, 3), (1, 3, 3), (3, 1, 1), (1, 1, 1), (0, 0, 0), (0, 0, 1)])
def test_pairs_may_share_what_stands_first(a: int, b: int, k: int) -> None:
    check_pairs(torch.zeros(a, 2, 4), torch.zeros(b, 2, 4), torch.zeros(k, 5))


@pytest.mark.parametrize(("a", "b", "k"), [(3, 2, 1), (3, 3, 2), (1, 1, 4)])
def test_pairs_of_other_numbers_are_refused(a: int, b: int, k: int) -> None:
    with pytest.raises(ValueError, match="offsets"):
        check_pairs(torch.zeros(a, 2, 4), torch.zeros(b, 2, 4), torch.zeros(k, 5))


def test_a_single_offset_is_that_of_all() -> None:
    fv = torch.zeros(3, 2)
    assert one_offset_each(2.5, fv).tolist() == [2.5, 2.5, 2.5]
    assert one_offset_each(torch.tensor([1, 2, 3]), fv).tolist() == [1.0, 2.0, 3.0]
    with pytest.raises(ValueError, match="B=3"):
        one_offset_each(torch.zeros(2), fv)
