"""Where two movies agree when both play at the same speed, the place of one in the other known, whatever codes say.

Codes say what is seen. Where a picture changes little, or what is copied is shown twice in a row, they follow one line
through all of it, at a speed that is chance. The movies tell the moments apart, and most copies play at their own
speed.
"""

from dataclasses import dataclass

import numpy as np

from vdup.align.segments import suppress
from vdup.movies.changes import evened
from vdup.movies.movie import Movie
from vdup.movies.placed_pictures import LEAST_COVERED, place_pictures
from vdup.types import BoolArray, FloatArray, Placement

_STEP_SECONDS = 0.25
_STANDING_SECONDS = 2.0
"""What is the same over so long before and after a moment is taken away: only what changes tells moments apart."""
_LEAST_AGREEMENT = 0.4
"""Correlation below which a moment speaks against a line; also the least of a whole line. Of 0.2-0.7 this found most
true lines of excerpts and generated copies."""
_LEAST_DEVIATION = 0.2
"""Of a part of a picture, in deviations of all of it: with less it shows hardly anything."""
_LEAST_SECONDS = 1.0
_MOST_SHARED = 0.5
_MOST_OF_A_KIND = 20
_MOST_LINES = 6


@dataclass(frozen=True)
class PlainLine:
    """A stretch of the query that the reference shows at the same speed."""

    query_start_seconds: float
    query_end_seconds: float
    intercept_seconds: float
    """What is added to a time of the query to get that of the reference."""
    mirrored: bool
    agreement: float
    """Energy of what both have in common, less that of what speaks against it."""

    def intervals(self) -> tuple[tuple[float, float], tuple[float, float]]:
        """Query and reference interval in seconds."""
        start, end = self.query_start_seconds, self.query_end_seconds
        return (start, end), (start + self.intercept_seconds, end + self.intercept_seconds)


def plain_lines(
    query: Movie, reference: Movie, *, mirrored: bool, placement: Placement | None = None
) -> list[PlainLine]:
    """Stretches on which two movies agree at 1.00x, most agreement first; at most six.

    Args:
        query: a part of a movie, up to a few minutes: its length times that of the other is looked at.
        reference: likewise.
        mirrored: look for the reference mirrored as well.
        placement: where the reference lies in the query's picture, in place of filling it straight or mirrored.
    """
    if not len(query) or not len(reference):
        return []
    of_query, of_reference = _pictures(query), _pictures(reference)
    ways: list[tuple[bool, FloatArray, FloatArray]] = [(False, of_query, of_reference)]
    if placement is not None:
        placed, covered = place_pictures(placement, of_reference)
        seen = covered >= LEAST_COVERED
        if not seen.any():
            return []
        ways = [(placement.mirrored, _seen_alone(of_query, seen), _seen_alone(placed, seen))]
    elif mirrored:
        ways.append((True, of_query, of_reference[:, :, ::-1]))
    found: list[PlainLine] = []
    for turned, mine, theirs in ways:
        for start, end, shift, agreement in _stretches(_changes(mine), _changes(theirs)):
            found.append(
                PlainLine(
                    query.first_seconds + start * _STEP_SECONDS,
                    query.first_seconds + end * _STEP_SECONDS,
                    reference.first_seconds - query.first_seconds + shift * _STEP_SECONDS,
                    turned,
                    agreement,
                )
            )
    return suppress(found, lambda line: line.agreement, PlainLine.intervals, _MOST_SHARED)[:_MOST_LINES]


def _pictures(movie: Movie) -> FloatArray:
    """Evened pictures every quarter of a second, float32 [N, 32, 32]."""
    last = (len(movie) - 1) / movie.pictures_per_second
    return evened(movie.at(movie.first_seconds + np.arange(0.0, last + 1e-6, _STEP_SECONDS)))


def _seen_alone(even: FloatArray, seen: BoolArray) -> FloatArray:
    """Pixels that both sides show, each picture of them less its mean and over its deviation: float32 [N, 1, K]."""
    shown = even[:, None, seen]
    centred = shown - shown.mean(axis=2, keepdims=True)
    found: FloatArray = centred / np.maximum(centred.std(axis=2, keepdims=True), _LEAST_DEVIATION)
    return found


def _changes(even: FloatArray) -> FloatArray:
    """Pictures, each less the mean over what is round it in time; float32 [N, H, W]."""
    reach = round(_STANDING_SECONDS / _STEP_SECONDS)
    padded = np.concatenate([np.repeat(even[:1], reach, axis=0), even, np.repeat(even[-1:], reach, axis=0)])
    sums = np.concatenate([np.zeros((1, *even.shape[1:])), np.cumsum(padded, axis=0, dtype=np.float64)])
    width = 2 * reach + 1
    changes: FloatArray = (even - (sums[width:] - sums[:-width]) / width).astype(np.float32)
    return changes


def _stretches(query: FloatArray, reference: FloatArray) -> list[tuple[int, int, int, float]]:
    """The best stretch of each shift, of the best shifts: first and last moment of the query + 1, shift, agreement."""
    mine, theirs = query.reshape(len(query), -1), reference.reshape(len(reference), -1)
    own, other = (mine**2).sum(axis=1), (theirs**2).sum(axis=1)
    products = mine @ theirs.T
    cells = 2 * products - _LEAST_AGREEMENT * (own[:, None] + other)
    rows = np.arange(len(mine))
    shifts = np.arange(1 - len(mine), len(theirs))
    columns = shifts[:, None] + rows
    inside = (columns >= 0) & (columns < len(theirs))
    values = np.where(inside, cells[rows, columns.clip(0, len(theirs) - 1)], 0.0)
    # The contiguous stretch of the highest sum on every diagonal (Kadane).
    sums = np.concatenate([np.zeros((len(shifts), 1)), np.cumsum(values, axis=1, dtype=np.float64)], axis=1)
    lowest = np.minimum.accumulate(sums[:, :-1], axis=1)
    gains = sums[:, 1:] - lowest
    lasts = gains.argmax(axis=1)
    best = gains[np.arange(len(shifts)), lasts]
    found = []
    for place in np.argsort(-best, kind="stable")[:_MOST_OF_A_KIND].tolist():
        last = int(lasts[place])
        first = int(np.flatnonzero(sums[place, : last + 1] == lowest[place, last])[-1])
        used = np.arange(first, last + 1)
        used = used[inside[place, used]]
        if best[place] <= 0 or len(used) < _LEAST_SECONDS / _STEP_SECONDS:
            continue
        at = columns[place, used]
        energy = float(own[used].sum() * other[at].sum())
        if float(products[used, at].sum()) >= _LEAST_AGREEMENT * energy**0.5:
            found.append((int(used[0]), int(used[-1]) + 1, int(shifts[place]), float(best[place])))
    return found
