"""Two videos laid over one another at every offset: how alike what they share is."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from vdup.types import FloatArray, RowArray

_COMPONENTS_AT_ONCE = 64
"""Components transformed together; bounds memory."""


@dataclass(frozen=True)
class OffsetScores:
    """Scores of a range of lags. At the lag k, sample i of b lies on sample i + k of a."""

    lags: RowArray
    """int64 [K], consecutive."""
    products: NDArray[np.float64]
    """Sum of the products of the samples that meet, [K]."""
    spread: NDArray[np.float64]
    """Root of the summed squares that these products could have at most: what chance adds up to grows with it, [K]."""
    lengths: NDArray[np.float64]
    """Sum of what these products could be at most, [K]."""
    overlaps: NDArray[np.float64]
    """Number of pairs of samples that meet and are both there, [K]."""

    def evidence(self, least_overlap: float) -> NDArray[np.float64]:
        """Products in units of their spread, so that chance adds up to the same whatever the overlap.

        Args:
            least_overlap: pairs of samples that must meet.

        Returns:
            Float64 [K], -inf where too few meet.
        """
        usable = (self.overlaps >= least_overlap) & (self.spread > 0)
        return np.where(usable, self.products / np.where(usable, self.spread, 1.0), -np.inf)

    def likeness(self) -> NDArray[np.float64]:
        """Mean cosine of the samples that meet, weighted by their lengths; -1 to 1."""
        return np.divide(self.products, self.lengths, out=np.zeros_like(self.products), where=self.lengths > 0)


def correlate(a: FloatArray, b: FloatArray) -> OffsetScores:
    """Scores of all lags, by the fast Fourier transform.

    Args:
        a: float32 [Na, d]; rows of zeros are not there.
        b: float32 [Nb, d].

    Returns:
        Lags -(Nb - 1) to Na - 1.

    Raises:
        ValueError: a side is empty, or the widths differ.
    """
    if len(a) == 0 or len(b) == 0 or a.shape[1] != b.shape[1]:
        raise ValueError(f"expected [Na, d] and [Nb, d] with rows, got {a.shape} and {b.shape}")
    size = 1 << math.ceil(math.log2(len(a) + len(b) - 1)) if len(a) + len(b) > 2 else 1
    spectrum = np.zeros(size // 2 + 1, dtype=np.complex128)
    for first in range(0, a.shape[1], _COMPONENTS_AT_ONCE):
        part = slice(first, first + _COMPONENTS_AT_ONCE)
        spectra = [np.fft.rfft(np.ascontiguousarray(side[:, part].T), size) for side in (a, b)]
        spectrum += np.einsum("cf,cf->f", spectra[0], spectra[1].conj())
    lags = np.arange(-(len(b) - 1), len(a))

    def of(spectrum: NDArray[np.complex128]) -> NDArray[np.float64]:
        return np.fft.irfft(spectrum, size)[lags % size] if size > 1 else spectrum.real[[0]]

    def sums(first: NDArray[np.float64], second: NDArray[np.float64]) -> NDArray[np.float64]:
        return np.maximum(of(np.fft.rfft(first, size) * np.fft.rfft(second, size).conj()), 0.0)

    long_a, long_b = (np.sqrt(np.einsum("nd,nd->n", side, side, dtype=np.float64)) for side in (a, b))
    return OffsetScores(
        lags=lags,
        products=of(spectrum),
        spread=np.sqrt(sums(long_a**2, long_b**2)),
        lengths=sums(long_a, long_b),
        overlaps=np.rint(sums((long_a > 0) * 1.0, (long_b > 0) * 1.0)),
    )


def correlate_near(a: FloatArray, b: FloatArray, lags: RowArray) -> OffsetScores:
    """Scores of a few lags, one by one; the same numbers as :func:`correlate` gives."""
    long_a, long_b = (np.sqrt(np.einsum("nd,nd->n", side, side, dtype=np.float64)) for side in (a, b))
    rows = np.zeros((4, len(lags)))
    for column, lag in enumerate(lags.tolist()):
        first, last = max(0, -lag), min(len(b), len(a) - lag)
        if last <= first:
            continue
        here, there = slice(first + lag, last + lag), slice(first, last)
        lengths = long_a[here] * long_b[there]
        rows[:, column] = (
            np.einsum("nd,nd->", a[here], b[there], dtype=np.float64),
            math.sqrt(float(np.square(lengths).sum())),
            lengths.sum(),
            np.count_nonzero(lengths),
        )
    return OffsetScores(lags, *rows)
