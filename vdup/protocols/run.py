"""One data set by its own protocol."""

from vdup.config import VSC2022DatasetConfig
from vdup.datasets.actions import ActionSet
from vdup.datasets.cc_web_video import CcWebVideo
from vdup.datasets.evve import Evve
from vdup.datasets.fivr import Fivr
from vdup.datasets.recordings import RecordedEvent
from vdup.datasets.registry import load_dataset
from vdup.datasets.search_folder import SearchSet
from vdup.datasets.vcdb import Vcdb
from vdup.datasets.vcsl import Vcsl
from vdup.errors import ConfigError
from vdup.protocols.actions import evaluate_actions
from vdup.protocols.answers import Workplace
from vdup.protocols.cc_web_video import evaluate_cc_web_video
from vdup.protocols.copy_overlap import evaluate_vcsl
from vdup.protocols.descriptor_track import evaluate_descriptors
from vdup.protocols.evve import evaluate_evve
from vdup.protocols.fivr import evaluate_fivr
from vdup.protocols.localization import evaluate_recordings
from vdup.protocols.outcome import Outcome
from vdup.protocols.search_set import evaluate_search_set
from vdup.protocols.vcdb import evaluate_vcdb


def evaluate_dataset(place: Workplace) -> Outcome:
    """Loads the data set that the settings name and evaluates it.

    Args:
        place: settings and method.

    Raises:
        ConfigError: a setting does not fit, or a file of the data set is missing or wrong.
    """
    config = place.config
    if config.data.root is None:
        raise ConfigError("the setting data.root is missing; give it as data.root=DIR")
    if not config.data.root.is_dir():
        raise ConfigError(f"data.root={config.data.root}: there is no such folder")
    dataset = load_dataset(config.dataset.name, config.data.root, features=config.data.features)
    match dataset:
        case RecordedEvent():
            return evaluate_recordings(dataset, place)
        case Vcdb():
            return evaluate_vcdb(dataset, place)
        case Evve():
            return evaluate_evve(dataset, place)
        case Fivr():
            return evaluate_fivr(dataset, place)
        case CcWebVideo():
            return evaluate_cc_web_video(dataset, place)
        case Vcsl():
            return evaluate_vcsl(dataset, place)
        case SearchSet() if _has_descriptors(place):
            return evaluate_descriptors(dataset, place)
        case SearchSet():
            return evaluate_search_set(dataset, place)
        case ActionSet():
            return evaluate_actions(dataset, place)
        case _:
            raise ConfigError(f"dataset={config.dataset.name}: this data set has no protocol for comparing videos")


def _has_descriptors(place: Workplace) -> bool:
    settings = place.config.dataset
    return isinstance(settings, VSC2022DatasetConfig) and settings.query_descriptors is not None
