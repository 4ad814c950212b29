"""From the settings to ViSiL and the region vectors that it takes."""

from vdup.config import ExtractorConfig, ViSiLMatcherConfig, ViSiLVariant
from vdup.errors import ConfigError
from vdup.features.regional import RegionalExtractor, build_regional_extractor
from vdup.visil.model import ViSiL
from vdup.visil.weights import check_features, load_visil


def build_visil(model: ExtractorConfig, config: ViSiLMatcherConfig) -> tuple[RegionalExtractor, ViSiL]:
    """Builds what turns frames into region vectors, and what compares these.

    Region vectors are as long as the weights want them: the strongest directions of the whitening.

    Args:
        model: backbone and whitening.
        config: form, weights, and a whitening of its own.

    Returns:
        The extractor; and the model, on its device.

    Raises:
        ConfigError: weights were given to ViSiL_f, which has none, or not given to another form; or the device is
            absent.
        WeightsError: weights are missing, damaged, or do not fit one another.
    """
    if config.variant is ViSiLVariant.f:
        if config.weights is not None:
            raise ConfigError(
                f"matcher.variant=f has no weights: leave out matcher.weights={config.weights}, "
                "or add matcher.variant=v"
            )
        extractor = build_regional_extractor(model, config.whitening)
        return extractor, ViSiL(ViSiLVariant.f, extractor.dimensions).eval()
    if config.weights is None:
        raise ConfigError(
            f"matcher.variant={config.variant.value} needs matcher.weights=FILE: the authors' visil.pth, or a file "
            "made by 'python -m vdup.train +experiment=visil data.images=DIR'; matcher.variant=f needs none"
        )
    visil, trained_on = load_visil(config.weights, config.variant)
    extractor = build_regional_extractor(model, config.whitening, visil.dimensions)
    check_features(config.weights, trained_on, extractor.fingerprint)
    return extractor, visil.to(extractor.device)
