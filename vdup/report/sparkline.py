"""A curve as one line of text."""

import numpy as np
from numpy.typing import NDArray

_BLOCKS = "▁▂▃▄▅▆▇█"
_PLAIN = "_.-:=+*#"
"""For screens that know no blocks; as many as of those."""


def sparkline(values: NDArray[np.float64], width: int, *, plain: bool = False) -> str:
    """Draws a curve with one character for each of ``width`` stretches, as high as the highest value in it.

    Args:
        values: [N]; what is not finite is not there.
        width: characters; fewer values than that get one each.
        plain: ASCII only.

    Returns:
        At most ``width`` characters: the lowest for 0 and below, the highest for the maximum, a space for a stretch
        without values. Empty without values.
    """
    marks = _PLAIN if plain else _BLOCKS
    finite = np.isfinite(values)
    if not finite.any():
        return ""
    heights = np.where(finite, values, -np.inf)
    tops = np.array([part.max() for part in np.array_split(heights, min(width, len(heights)))])
    highest = float(tops.max())
    line = ""
    for top in tops.tolist():
        share = top / highest if highest > 0 else 0.0
        line += " " if top == -np.inf else marks[round(min(max(share, 0.0), 1.0) * (len(marks) - 1))]
    return line
