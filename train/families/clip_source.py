"""From the settings of a training to the clips that it is made from."""

from collections.abc import Collection

from vdup.errors import ConfigError
from vdup.video.discover import find_videos

from ..config.experiments import TrainJobConfig
from ..material.image_files import list_images
from .clips import PhotoClipFamilies, VideoClipFamilies
from .pictures import FamilySource, JoinedFamilies


def clip_source(
    config: TrainJobConfig,
    clips: int,
    clips_a_video: int,
    frames: int,
    views: int,
    left_out: Collection[str],
    step_seconds: float = 1.0,
) -> FamilySource:
    """Clips and edited copies of them, from the photographs and videos that the settings name.

    Args:
        config: its ``data``, ``seed`` and size of images are used.
        clips: most clips made from photographs.
        clips_a_video: most clips taken from each video.
        frames: of a clip.
        views: copies of each clip.
        left_out: edits that are not made.
        step_seconds: time between two frames.

    Raises:
        ConfigError: there are no photographs or videos, too few of them, or an edit to leave out is unknown.
    """
    sources: list[FamilySource] = []
    common = (frames, views, config.backbone.image_side_pixels, config.seed, left_out, step_seconds)
    try:
        if config.data.images is not None:
            paths = list_images(config.data.images, config.data.limit)
            sources.append(PhotoClipFamilies(paths, clips, *common))
        if config.data.videos is not None:
            videos = [path for _, path in find_videos(config.data.videos)]
            sources.append(VideoClipFamilies(videos, clips_a_video, *common))
    except ValueError as error:
        raise ConfigError(f"no clips can be made: {error}") from error
    if not sources:
        raise ConfigError("there is nothing to learn from; give a folder as data.images=DIR or data.videos=DIR")
    return sources[0] if len(sources) == 1 else JoinedFamilies(sources)
