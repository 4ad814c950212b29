"""ViSiL in plain loops over NumPy arrays."""

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


def attend(regions: Array, context: Array) -> Array:
    """[N, R, D] and [D] to [N, R, D]."""
    weighed = np.empty_like(regions)
    for frame in range(regions.shape[0]):
        for region in range(regions.shape[1]):
            vector = regions[frame, region]
            weighed[frame, region] = vector * (sum(context * vector) / 2 + 0.5)
    return weighed


def mean_of_maxima(matrix: Array) -> float:
    return float(np.mean([max(row) for row in matrix.tolist()]))


def chamfer(matrix: Array, symmetric: bool) -> float:
    one_way = mean_of_maxima(matrix)
    return (one_way + mean_of_maxima(matrix.T)) / 2 if symmetric else one_way


def frame_matrix(query: Array, reference: Array, symmetric: bool = False) -> Array:
    found = np.empty((len(query), len(reference)))
    for i, own in enumerate(query):
        for j, other in enumerate(reference):
            products = np.array([[sum(a * b) for b in other] for a in own])
            found[i, j] = chamfer(products, symmetric)
    return found


def convolve(maps: Array, weight: Array, bias: Array) -> Array:
    """[C, h, w] with the border repeated outwards; kernels [C', C, k, k]."""
    reach = weight.shape[2] // 2
    _, height, width = maps.shape
    found = np.empty((len(weight), height, width))
    for channel, (kernel, start) in enumerate(zip(weight, bias, strict=True)):
        for y in range(height):
            for x in range(width):
                total = float(start)
                for dy in range(-reach, reach + 1):
                    for dx in range(-reach, reach + 1):
                        row, column = min(max(y + dy, 0), height - 1), min(max(x + dx, 0), width - 1)
                        total += float(kernel[:, dy + reach, dx + reach] @ maps[:, row, column])
                found[channel, y, x] = total
    return found


def halve(maps: Array) -> Array:
    channels, height, width = maps.shape
    found = np.empty((channels, height // 2, width // 2))
    for y in range(height // 2):
        for x in range(width // 2):
            found[:, y, x] = maps[:, 2 * y : 2 * y + 2, 2 * x : 2 * x + 2].max(axis=(1, 2))
    return found


def compare(matrix: Array, weights: dict[str, Array]) -> Array:
    """The video comparator without its clipping, [N, M] to [N // 4, M // 4]."""
    maps = matrix[None]
    for layer in ("conv1", "conv2", "conv3"):
        maps = np.maximum(convolve(maps, weights[f"{layer}.weight"], weights[f"{layer}.bias"]), 0)
        maps = maps if layer == "conv3" else halve(maps)
    found: Array = convolve(maps, weights["fconv.weight"], weights["fconv.bias"])[0]
    return found
