"""Command: features of frames on disk. ``python -m vdup.features videos=PATH output=DIR``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import FeaturePrecision, FeaturesJobConfig
from vdup.hydra_schema import register


def features(config: FeaturesJobConfig) -> int:
    """Writes a file of features for every video that has none; 1 when a video could not be read."""
    from vdup.video.discover import find_videos

    videos = find_videos(config.videos)
    # Behind the check of the path, which must not wait for torch.
    from vdup.pipeline.feature_folder import FeatureOutcome, feature_paths, make_feature_files
    from vdup.pipeline.feature_maker import build_feature_maker
    from vdup.report.feature_summary import print_feature_summary
    from vdup.report.progress import ProgressDisplay

    maker = build_feature_maker(config, config.fps, half=config.stored_as is FeaturePrecision.float16)
    with ProgressDisplay("computing features", len(videos)) as display:
        results = make_feature_files(maker, videos, feature_paths(videos, config.output), display.features_made)
    print_feature_summary(results, config.output, display.elapsed_seconds)
    return FAILED if any(result.outcome is FeatureOutcome.failed for result in results) else ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("features", FeaturesJobConfig, features)


if __name__ == "__main__":
    main()
