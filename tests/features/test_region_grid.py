import pytest
import torch

from vdup.features.region_grid import grid_maxima, grid_windows


@pytest.mark.parametrize(("length", "window", "step"), [(56, 28, 14), (28, 14, 7), (14, 6, 3), (7, 3, 2), (8, 4, 2)])
def test_windows_of_the_authors(length: int, window: int, step: int) -> None:
    assert grid_windows(length) == [(0, window), (step, window), (2 * step, window)]


@pytest.mark.parametrize("length", range(1, 80))
def test_windows_lie_within_the_map_and_differ(length: int) -> None:
    windows = grid_windows(length)
    assert len(windows) == 3
    assert len(set(windows)) == min(3, length)
    assert windows[0][0] == 0
    assert all(start + window <= length for start, window in windows)


def test_a_map_without_positions_is_refused() -> None:
    with pytest.raises(ValueError, match="no regions"):
        grid_windows(0)


@pytest.mark.parametrize("sides", [(7, 7), (14, 8), (2, 1)])
def test_maxima_equal_plain_loops(sides: tuple[int, int]) -> None:
    maps = torch.rand(2, 3, *sides, generator=torch.Generator().manual_seed(0)) - 0.5
    found = grid_maxima(maps)
    region = 0
    for top, height in grid_windows(sides[0]):
        for left, width in grid_windows(sides[1]):
            for image in range(2):
                for channel in range(3):
                    values = [
                        float(maps[image, channel, y, x])
                        for y in range(top, top + height)
                        for x in range(left, left + width)
                    ]
                    assert float(found[image, region, channel]) == max(values)
            region += 1
    assert found.shape == (2, 9, 3)
