"""How many frames a second are sampled: a set rate, and more where a video is so short that few would be left."""

LEAST_FRAMES = 6
"""Frames of even the shortest video that is indexed or searched for: fewer tell too little to follow through time."""


def rate_for(frames_per_second: float, duration_seconds: float | None, least_frames: int = LEAST_FRAMES) -> float:
    """Frames a second to sample a video at.

    Args:
        frames_per_second: for videos that are long enough.
        duration_seconds: length of the video; none where it is not known.
        least_frames: wanted of every video, as far as it has so many.

    Returns:
        The set rate, or more.
    """
    if not duration_seconds or duration_seconds <= 0:
        return frames_per_second
    return max(frames_per_second, least_frames / duration_seconds)
