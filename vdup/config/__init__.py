"""Settings of every stage, as dataclasses; the YAML files in ``conf/`` choose among them.

Constructors take these objects; nothing here knows Hydra or torch. A value that cannot work is refused in
``__post_init__`` with :class:`~vdup.errors.ConfigError`.
"""

from vdup.config.jobs import (
    IndexJobConfig,
    LibraryAction,
    LibraryConfig,
    LibraryJobConfig,
    QueryJobConfig,
)
from vdup.config.lookup import (
    AutoIndexConfig,
    FlatIndexConfig,
    FrameIndexConfig,
    IVFIndexConfig,
    MultiHashIndexConfig,
    StoreConfig,
)
from vdup.config.matcher import (
    MatcherConfig,
)
from vdup.config.model import (
    BackboneConfig,
    EfficientNetLite0Config,
    ExtractorConfig,
    GeMConfig,
    IMACConfig,
    ModelConfig,
    NoWhiteningConfig,
    PCAWhiteningConfig,
    PoolingConfig,
    Precision,
    RefinerConfig,
    ResNetConfig,
    RMACConfig,
    SamplingConfig,
    T7WhiteningConfig,
    VGG16Config,
    WhiteningConfig,
)
from vdup.config.pair_jobs import FeaturePrecision, FeaturesJobConfig, SimilarityJobConfig
from vdup.config.pair_matchers import (
    CTEMatcherConfig,
    FrameMatcherConfig,
    PairMatcherConfig,
    TMKMatcherConfig,
    TMKNormalization,
    ViSiLMatcherConfig,
    ViSiLVariant,
)

__all__ = [
    "AutoIndexConfig",
    "BackboneConfig",
    "CTEMatcherConfig",
    "EfficientNetLite0Config",
    "ExtractorConfig",
    "FeaturePrecision",
    "FeaturesJobConfig",
    "FlatIndexConfig",
    "FrameIndexConfig",
    "FrameMatcherConfig",
    "GeMConfig",
    "IMACConfig",
    "IVFIndexConfig",
    "IndexJobConfig",
    "LibraryAction",
    "LibraryConfig",
    "LibraryJobConfig",
    "MatcherConfig",
    "ModelConfig",
    "MultiHashIndexConfig",
    "NoWhiteningConfig",
    "PCAWhiteningConfig",
    "PairMatcherConfig",
    "PoolingConfig",
    "Precision",
    "QueryJobConfig",
    "RMACConfig",
    "RefinerConfig",
    "ResNetConfig",
    "SamplingConfig",
    "SimilarityJobConfig",
    "StoreConfig",
    "T7WhiteningConfig",
    "TMKMatcherConfig",
    "TMKNormalization",
    "VGG16Config",
    "ViSiLMatcherConfig",
    "ViSiLVariant",
    "WhiteningConfig",
]
