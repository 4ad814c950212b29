import pytest
from vdup.train.config.visil import ViSiLExperiment

from vdup.config import ViSiLVariant
from vdup.errors import ConfigError


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("variant", ViSiLVariant.f),
        ("dimensions", -1),
        ("epochs", 0),
        ("frames", 7),
        ("margin", 0.0),
        ("regularisation", -0.1),
        ("warmup", 1.0),
        ("validation_share", 0.0),
    ],
)
def test_what_cannot_work_is_refused(name: str, value: object) -> None:
    with pytest.raises(ConfigError, match=rf"experiment\.{name}="):
        ViSiLExperiment(**{name: value})


def test_the_defaults_work() -> None:
    assert ViSiLExperiment().variant is ViSiLVariant.v
    assert ViSiLExperiment.takes_videos
