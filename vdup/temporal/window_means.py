"""Frame features as a function of time: means over windows of any length, at any playback speed."""

import numpy as np

from vdup.types import FloatArray, FrameFeatures, TimeArray

_LONGEST_FRAME_STEPS = 2.0
"""A frame stands for at most this many usual distances of frames: what lies in a longer gap is not known."""


class WindowMeans:
    """The features of one video, summed up over time once, so that any window costs two look-ups.

    A frame stands for the time to half-way to its neighbours. A frame of zeros stands for a picture that says nothing,
    such as a black one, and counts as not there.
    """

    def __init__(self, video: FrameFeatures) -> None:
        """Sums the features up.

        Args:
            video: features [N, d].

        Raises:
            ValueError: there are regions, or the times do not increase.
        """
        if video.features.ndim != 2:
            raise ValueError(f"features must be [N, d], got shape {video.features.shape}")
        times = np.asarray(video.times_seconds, dtype=np.float64)
        if not np.isfinite(times).all() or (np.diff(times) <= 0).any():
            raise ValueError("the times of frames must be finite and increase")
        usual = float(np.median(np.diff(times))) if len(times) > 1 else max(video.duration_seconds, 1e-3)
        self.step_seconds = usual
        """Usual distance of two frames; the length of the video when it has one frame only."""
        reach = usual * _LONGEST_FRAME_STEPS / 2
        gaps = np.minimum(np.diff(times) / 2, reach)
        before = np.concatenate(([usual / 2], gaps))[: len(times)]
        after = np.concatenate((gaps, [usual / 2]))[: len(times)]
        # Both ends of every frame; between two of them in a gap nothing is added.
        self._edges = np.stack((times - before, times + after), axis=1).reshape(-1)
        shown = video.features.any(axis=1)
        lengths = np.where(shown, before + after, 0.0)
        sums = np.zeros((2 * len(times) + 1, video.features.shape[1] + 1))
        sums[2::2, :-1] = video.features * lengths[:, None]
        sums[2::2, -1] = lengths
        self._sums = np.cumsum(sums, axis=0)[1:]

    @property
    def start_seconds(self) -> float:
        """Where the first frame begins; 0 without frames."""
        return float(self._edges[0]) if len(self._edges) else 0.0

    @property
    def end_seconds(self) -> float:
        """Where the last frame ends; 0 without frames."""
        return float(self._edges[-1]) if len(self._edges) else 0.0

    def means(self, edges_seconds: TimeArray) -> tuple[FloatArray, FloatArray]:
        """Mean features between neighbouring moments.

        Args:
            edges_seconds: moments, [K + 1], increasing.

        Returns:
            Means, float32 [K, d], zeros where no frame lies in a window; and the share of each window that frames
            cover, float32 [K].
        """
        if not len(self._edges):
            return np.zeros((len(edges_seconds) - 1, self._sums.shape[1] - 1), np.float32), np.zeros(
                len(edges_seconds) - 1, np.float32
            )
        at = np.clip(edges_seconds, self._edges[0], self._edges[-1])
        row = np.clip(np.searchsorted(self._edges, at, side="right") - 1, 0, len(self._edges) - 2)
        share = (at - self._edges[row]) / np.maximum(self._edges[row + 1] - self._edges[row], 1e-12)
        within = np.diff(self._sums[row] + share[:, None] * (self._sums[row + 1] - self._sums[row]), axis=0)
        covered = within[:, -1]
        means = np.where(covered[:, None] > 0, within[:, :-1] / np.maximum(covered[:, None], 1e-12), 0.0)
        return means.astype(np.float32), (covered / np.diff(edges_seconds)).astype(np.float32)
