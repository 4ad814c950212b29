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

__all__ = [
    "AutoIndexConfig",
    "BackboneConfig",
    "EfficientNetLite0Config",
    "FlatIndexConfig",
    "FrameIndexConfig",
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
    "PoolingConfig",
    "Precision",
    "QueryJobConfig",
    "RMACConfig",
    "RefinerConfig",
    "ResNetConfig",
    "SamplingConfig",
    "StoreConfig",
    "T7WhiteningConfig",
    "VGG16Config",
    "WhiteningConfig",
]
