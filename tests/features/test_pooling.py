import itertools

import numpy as np
import pytest
import torch
from torch import Tensor

from vdup.config import GeMConfig, IMACConfig, PoolingConfig, RMACConfig
from vdup.features.pooling import Pooling, aggregate_regions, build_pooling, rmac_regions

MAPS = [(8, 8), (7, 7), (1, 1), (1, 9), (9, 1), (2, 2), (6, 11), (11, 6), (3, 40)]


def naive_maxima(feature_map: Tensor, squares: list[tuple[int, int, int]]) -> Tensor:
    batch, channels = feature_map.shape[:2]
    result = torch.zeros(batch, len(squares), channels)
    for b, (r, (top, left, side)), c in itertools.product(range(batch), enumerate(squares), range(channels)):
        result[b, r, c] = max(
            float(feature_map[b, c, y, x]) for y in range(top, top + side) for x in range(left, left + side)
        )
    return result


def test_regions_of_a_square_map() -> None:
    squares = rmac_regions(8, 8, levels=3, overlap=0.4)
    assert squares[0] == (0, 0, 8)
    assert squares[1:5] == [(0, 0, 5), (0, 3, 5), (3, 0, 5), (3, 3, 5)]
    assert squares[5:] == [(top, left, 4) for top in (0, 2, 4) for left in (0, 2, 4)]


def test_longer_side_gets_more_regions() -> None:
    # 10 x 16: two squares of side 10 are 6 apart, overlap 40 %; hence l x (l + 1) squares at level l.
    squares = rmac_regions(10, 16, levels=3, overlap=0.4)
    assert squares[:2] == [(0, 0, 10), (0, 6, 10)]
    assert [sum(side == wanted for _, _, side in squares) for wanted in (10, 6, 5)] == [2, 6, 12]


@pytest.mark.parametrize(("length", "squares"), [(16, 2), (22, 3), (28, 4), (11, 2), (30, 4), (31, 5)])
def test_number_of_squares_overlaps_nearest_to_wanted(length: int, squares: int) -> None:
    # Neighbours of side 10 overlap by 1 - (length - 10) / ((m - 1) * 10); 30: m=4 gives 1/3, m=5 gives 1/2.
    assert len(rmac_regions(10, length, levels=1, overlap=0.4)) == squares


@pytest.mark.parametrize(("height", "width"), MAPS)
def test_regions_lie_inside_and_reach_every_border(height: int, width: int) -> None:
    for levels in range(1, 6):
        squares = rmac_regions(height, width, levels, 0.4)
        assert all(top >= 0 and left >= 0 and side >= 1 for top, left, side in squares)
        assert max(top + side for top, _, side in squares) == height
        assert max(left + side for _, left, side in squares) == width
        assert squares[0][2] == min(height, width)


@pytest.mark.parametrize(("height", "width"), MAPS)
def test_transposed_map_has_transposed_regions(height: int, width: int) -> None:
    squares = {(left, top, side) for top, left, side in rmac_regions(height, width, 3, 0.4)}
    assert squares == set(rmac_regions(width, height, 3, 0.4))


def test_tiny_map_repeats_no_square_of_a_level() -> None:
    assert rmac_regions(1, 1, levels=3, overlap=0.4) == [(0, 0, 1)] * 3
    assert rmac_regions(1, 3, levels=1, overlap=0.4) == [(0, 0, 1), (0, 1, 1), (0, 2, 1)]


@pytest.mark.parametrize(("height", "width", "levels"), [(0, 4, 3), (4, 0, 3), (4, 4, 0)])
def test_impossible_regions_are_refused(height: int, width: int, levels: int) -> None:
    with pytest.raises(ValueError, match=r"map of|levels"):
        rmac_regions(height, width, levels, 0.4)


@pytest.mark.parametrize(("height", "width"), MAPS)
def test_rmac_against_loops(height: int, width: int) -> None:
    feature_map = torch.rand(2, 3, height, width, generator=torch.Generator().manual_seed(0))
    expected = naive_maxima(feature_map, rmac_regions(height, width, 3, 0.4))
    torch.testing.assert_close(build_pooling(RMACConfig()).regions(feature_map), expected)


def test_memory_order_does_not_matter() -> None:
    feature_map = torch.rand(2, 5, 8, 8, generator=torch.Generator().manual_seed(1))
    pooling = build_pooling(RMACConfig())
    channels_last = feature_map.contiguous(memory_format=torch.channels_last)
    assert torch.equal(pooling.regions(feature_map), pooling.regions(channels_last))


@pytest.mark.parametrize("power", [1.0, 3.0, 7.5])
def test_gem_against_numpy(power: float) -> None:
    feature_map = torch.rand(2, 4, 5, 3, generator=torch.Generator().manual_seed(2)) * 6
    expected = (feature_map.numpy().astype(np.float64) ** power).mean((2, 3)) ** (1 / power)
    result = build_pooling(GeMConfig(power=power)).regions(feature_map)
    np.testing.assert_allclose(result[:, 0].numpy(), expected, rtol=1e-5)


def test_gem_of_a_large_power_is_the_maximum_and_does_not_overflow() -> None:
    feature_map = torch.rand(1, 3, 4, 4, generator=torch.Generator().manual_seed(3)) * 1000
    result = build_pooling(GeMConfig(power=2000.0)).regions(feature_map)
    torch.testing.assert_close(result, build_pooling(IMACConfig()).regions(feature_map), rtol=2e-3, atol=0)


@pytest.mark.parametrize("config", [RMACConfig(), GeMConfig(), IMACConfig()])
def test_zero_map_gives_zeros(config: PoolingConfig) -> None:
    regions = build_pooling(config).regions(torch.zeros(2, 4, 6, 6))
    assert regions.shape == (2, 14 if isinstance(config, RMACConfig) else 1, 4)
    assert not regions.any()


def test_names_carry_the_settings() -> None:
    configs = (
        RMACConfig(),
        RMACConfig(levels=2),
        RMACConfig(overlap=0.5),
        GeMConfig(),
        GeMConfig(power=2),
        IMACConfig(),
    )
    assert len({build_pooling(config).name for config in configs}) == len(configs)
    assert build_pooling(RMACConfig()).name == "rmac_levels3_overlap0.4"


def test_unknown_kind_is_refused() -> None:
    with pytest.raises(TypeError, match="PoolingConfig"):
        build_pooling(PoolingConfig())


def test_pooling_has_no_default_behaviour() -> None:
    with pytest.raises(TypeError, match="abstract"):
        Pooling()  # type: ignore[abstract]


def test_aggregation_against_loops() -> None:
    random = np.random.default_rng(4)
    regions = random.random((3, 5, 6)).astype(np.float32)
    regions[1, 2] = 0  # one silent region
    regions[2] = 0  # a silent frame
    mean, projection = random.random(6), random.standard_normal((4, 6))
    expected = np.zeros((3, 4))
    for frame in range(3):
        total = np.zeros(4)
        for vector in regions[frame]:
            if vector.any():
                white = projection @ (vector / np.linalg.norm(vector) - mean)
                total += white / np.linalg.norm(white)
        expected[frame] = total / np.linalg.norm(total) if total.any() else total

    def whiten(vectors: Tensor) -> Tensor:
        return (vectors - torch.from_numpy(mean).float()) @ torch.from_numpy(projection).float().T

    result = aggregate_regions(torch.from_numpy(regions), whiten).numpy()
    np.testing.assert_allclose(result, expected, atol=1e-5)
    assert not result[2].any()
