"""ViSiL as a method that compares two videos."""

from vdup.datasets.base import VideoFile
from vdup.matchers.base import Comparison, PairMatcher
from vdup.matchers.frame_source import FrameSource
from vdup.types import FrameFeatures
from vdup.visil import ViSiL


class ViSiLMatcher(PairMatcher[FrameFeatures]):
    """Similarity of two whole videos; it neither aligns nor gives segments."""

    def __init__(self, model: ViSiL, source: FrameSource) -> None:
        """Joins the model and what gives features of regions of frames."""
        self._model = model
        self._source = source

    def prepare(self, video: VideoFile, span_seconds: tuple[float, float] | None = None) -> FrameFeatures:
        """Region vectors of a video; see :class:`~vdup.matchers.base.PairMatcher`.

        Raises:
            VideoError: it cannot be read.
        """
        return self._source.read(video, span_seconds)

    def compare(self, query: FrameFeatures, reference: FrameFeatures, *, inside: bool = False) -> Comparison:  # noqa: ARG002 - of the interface
        """Similarity of two videos; ``inside`` makes no difference.

        Raises:
            ValueError: the vectors have other lengths than each other or the weights.
        """
        return Comparison(self._model.similarity(query, reference))
