"""Which line through time two movies agree on, once it is known where one picture lies in the other.

With the reference's pictures placed, the correlation of any line follows from three small tables of inner products, so
that thousands of lines are as quick as one.
"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np

from vdup.movies.changes import evened
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import LEAST_COVERED, place_pictures
from vdup.types import Placement, RowArray, TimeArray

_QUICK_MOMENTS = 2
"""Quick is what differs from the mean over so many moments before and after."""


@dataclass(frozen=True)
class LineTables:
    """Inner products of the pictures of a query at some moments and of a stretch of a reference."""

    query_times_seconds: TimeArray
    """Moments of the query, float64 [N], increasing."""
    first_seconds: float
    """Moment of the first picture of the reference."""
    pictures_per_second: float
    """Of the reference."""
    between: TimeArray
    """Query, each pixel less its mean over the moments, with the reference: float64 [N, M]."""
    own: TimeArray
    """The former with itself, float64 [N, N]."""
    reference: TimeArray
    """Reference with itself, float64 [M, M]."""

    @classmethod
    def of(
        cls,
        query: Movie,
        query_times_seconds: TimeArray,
        reference: Movie,
        reference_span_seconds: tuple[float, float],
        placement: Placement,
    ) -> "LineTables":
        """Compares moments of a query with all pictures of a stretch of the reference.

        Args:
            query: the query.
            query_times_seconds: float64 [N].
            reference: the reference.
            reference_span_seconds: start and end of the stretch; what lies outside the reference is left out.
            placement: where the reference lies in the query's picture.
        """
        rate = reference.pictures_per_second
        start, end = ((moment - reference.first_seconds) * rate for moment in reference_span_seconds)
        first = int(np.clip(np.floor(start), 0, len(reference) - 1))
        last = int(np.clip(np.ceil(end), first, len(reference) - 1))
        placed, covered = place_pictures(placement, evened(reference.pictures[first : last + 1]))
        seen = covered >= LEAST_COVERED
        theirs = placed[:, seen].astype(np.float64)
        shown = evened(query.at(query_times_seconds))[:, seen].astype(np.float64)
        centred = shown - shown.mean(axis=0)
        return cls(
            query_times_seconds,
            reference.first_seconds + first / rate,
            rate,
            centred @ theirs.T,
            centred @ centred.T,
            theirs @ theirs.T,
        )

    @property
    def independent_moments(self) -> float:
        """Participation ratio of what changes in the query, 1 to N; 1 where nothing changes.

        Of the energies of its principal components over time, the sum squared over the sum of squares.
        """
        energy = float((self.own**2).sum())
        return max(1.0, float(np.trace(self.own)) ** 2 / energy) if energy > 0 else 1.0

    def correlations(self, speeds: TimeArray, intercepts_seconds: TimeArray) -> TimeArray:
        """Correlation of what changes along lines ``reference = speed * query + intercept``.

        Args:
            speeds: float64 [L].
            intercepts_seconds: float64 [L].

        Returns:
            float64 [L], -1 to 1; 0 where a side does not change.
        """
        before, after, share = self._places(speeds, intercepts_seconds)
        rows = np.arange(len(self.query_times_seconds))
        with_query = ((1 - share) * self.between[rows, before] + share * self.between[rows, after]).sum(axis=1)
        # Energy of the mixed pictures, less that of their mean.
        count = len(rows)
        squares = (
            (1 - share) ** 2 * self.reference[before, before]
            + share**2 * self.reference[after, after]
            + 2 * share * (1 - share) * self.reference[before, after]
        ).sum(axis=1)
        weights = np.zeros((len(speeds), len(self.reference)))
        lines = np.arange(len(speeds))[:, None]
        np.add.at(weights, (lines, before), 1 - share)
        np.add.at(weights, (lines, after), share)
        of_mean = ((weights @ self.reference) * weights).sum(axis=1) / count
        energy = np.maximum(squares - of_mean, 0) * np.trace(self.own)
        correlation: TimeArray = np.where(energy > 1e-9, with_query / np.sqrt(np.maximum(energy, 1e-9)), 0.0)
        return correlation

    def quick_correlations(self, speeds: TimeArray, intercepts_seconds: TimeArray) -> TimeArray:
        """The same of what changes quickly: each moment less the mean over the two before it, itself, and two after.

        A slow change, such as a camera that pans, is like any other slow change.
        """
        before, after, share = self._places(speeds, intercepts_seconds)
        weights = _quick_products(len(self.query_times_seconds))
        rows = np.arange(len(weights))[:, None]
        mixed = ((1 - share, before), (share, after))
        with_query, energy = np.zeros(len(speeds)), np.zeros(len(speeds))
        for part, place in mixed:
            with_query += (weights * part[:, None] * self.between[rows, place[:, None]]).sum(axis=(1, 2))
            for other_part, other in mixed:
                products = self.reference[place[:, :, None], other[:, None]]
                energy += (weights * part[:, :, None] * other_part[:, None] * products).sum(axis=(1, 2))
        energies = np.maximum(energy, 0) * max(float((weights * self.own).sum()), 0.0)
        correlation: TimeArray = np.where(energies > 1e-9, with_query / np.sqrt(np.maximum(energies, 1e-9)), 0.0)
        return correlation

    def shown(self, speeds: TimeArray, intercepts_seconds: TimeArray) -> TimeArray:
        """Share of the moments of the query at which a line lies within the reference, float64 [L]."""
        place = self._place(speeds, intercepts_seconds)
        inside: TimeArray = ((place >= -0.5) & (place <= len(self.reference) - 0.5)).mean(axis=1)
        return inside

    def _place(self, speeds: TimeArray, intercepts_seconds: TimeArray) -> TimeArray:
        moments = speeds[:, None] * self.query_times_seconds + intercepts_seconds[:, None]
        place: TimeArray = (moments - self.first_seconds) * self.pictures_per_second
        return place

    def _places(self, speeds: TimeArray, intercepts_seconds: TimeArray) -> tuple[RowArray, RowArray, TimeArray]:
        place = np.clip(self._place(speeds, intercepts_seconds), 0, len(self.reference) - 1)
        before = np.floor(place).astype(np.int64)
        return before, np.minimum(before + 1, len(self.reference) - 1), place - before


@lru_cache(maxsize=64)
def _quick_products(moments: int) -> TimeArray:
    """What inner products of moments are weighed with for those of their quick changes, float64 [N, N]."""
    rows = np.arange(moments)
    near = np.abs(rows[:, None] - rows) <= _QUICK_MOMENTS
    quick = np.eye(moments) - near / near.sum(axis=1, keepdims=True)
    products: TimeArray = quick.T @ quick
    return products
