"""Runs of nearly equal frames, stored once with their time span."""

import numpy as np

from vdup.codes.hamming import paired_hamming
from vdup.types import BoolArray, CodeArray, TimeArray, VideoCodes

RUN_RADIUS_BITS = 32
"""A frame within this distance of the first one of a run belongs to it: about the noise of re-encoding one picture."""

LONGEST_RUN_SECONDS = 30.0
"""A run is cut after this long, so that a still picture keeps some marks in time."""


def collapse_runs(
    codes: CodeArray, times_seconds: TimeArray, searchable: BoolArray, duration_seconds: float
) -> VideoCodes:
    """Joins consecutive frames whose codes are nearly equal.

    Every frame is compared with the first of its run, not with its neighbour, so that a slow pan does not creep into
    one run.

    Args:
        codes: codes of the sampled frames, uint8 [N, 128].
        times_seconds: their times, float64 [N], increasing.
        searchable: False for blank frames, bool [N]; blank and other frames never share a run.
        duration_seconds: length of the video.

    Returns:
        One row a run.
    """
    firsts: list[int] = []
    lasts: list[int] = []
    for frame in range(len(codes)):
        if firsts:
            head = firsts[-1]
            if (
                searchable[frame] == searchable[head]
                and times_seconds[frame] - times_seconds[head] <= LONGEST_RUN_SECONDS
                and paired_hamming(codes[frame : frame + 1], codes[head : head + 1])[0] <= RUN_RADIUS_BITS
            ):
                lasts[-1] = frame
                continue
        firsts.append(frame)
        lasts.append(frame)
    heads = np.array(firsts, dtype=np.int64)
    return VideoCodes(
        codes=codes[heads],
        starts_seconds=times_seconds[heads],
        ends_seconds=times_seconds[np.array(lasts, dtype=np.int64)],
        searchable=searchable[heads],
        duration_seconds=duration_seconds,
    )
