"""What the scores of segments mean in one library, which may be larger than the one that they were fitted on."""

import json
import math
from dataclasses import asdict, dataclass

from vdup.align.calibration import Calibration
from vdup.align.false_alarms import FalseAlarms
from vdup.catalogue.catalogue import Catalogue
from vdup.config import MatcherConfig
from vdup.errors import ConfigError, LibraryDamagedError
from vdup.pipeline.open_library import OpenLibrary

_KEY = "false_alarms"
"""Meta key; the digest of the scores stands behind it, as what was measured holds for one calibration only."""


@dataclass(frozen=True)
class LibraryScores:
    """From the score of a segment, as the calibration gives it, to the one that is reported."""

    false_alarms: FalseAlarms | None = None
    """What is expected in this library; None: scores are reported as they are."""
    scored_on: FalseAlarms | None = None
    """What there was where the scores were fitted; None: as much as in this library."""
    library_hours: float = 0.0
    """Video in the library."""

    def reported(self, score: float) -> float:
        """The score to report for a score of the calibration; of two scores the higher stays the higher."""
        if self.false_alarms is None:
            return score
        return self.false_alarms.in_library(score, self.library_hours, self.scored_on)

    def threshold(self, config: MatcherConfig) -> float:
        """The reported score from which on segments are reported.

        ``matcher.false_alarms`` decides where it is given, else ``matcher.threshold``.

        Raises:
            ConfigError: it is given, but nothing is known of false segments.
        """
        if config.false_alarms is None:
            return config.threshold
        if self.false_alarms is None:
            raise ConfigError(
                f"matcher.false_alarms={config.false_alarms:g}: the calibration in use does not say how many false "
                "segments to expect; measure it with `python -m vdup.calibrate level=segment`, make a calibration "
                "anew, or give matcher.threshold"
            )
        return self.reported(self.false_alarms.threshold(config.false_alarms, self.library_hours))

    def false_an_hour(self, threshold: float) -> float:
        """False segments to expect in an hour of query with a reported score of so much or more; nan: not known."""
        if self.false_alarms is None:
            return math.nan
        low, high = 0.0, 1.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if self.reported(middle) < threshold else (low, middle)
        return self.false_alarms.per_hour(high, self.library_hours)


AS_FITTED = LibraryScores()
"""Scores are reported as the calibration gives them."""


def scores_in(library: OpenLibrary, calibration: Calibration) -> LibraryScores:
    """What scores mean in a library as it is now: by what was measured in it, else by what the calibration says.

    Raises:
        LibraryDamagedError: what is kept of a measurement is damaged.
    """
    catalogue = library.folder.catalogue
    measured = measured_false_alarms(catalogue, calibration)
    return LibraryScores(measured or calibration.false_alarms, calibration.false_alarms, library_hours(catalogue))


def library_hours(catalogue: Catalogue) -> float:
    """Hours of video in a library."""
    return catalogue.seconds() / 3600


def measured_false_alarms(catalogue: Catalogue, calibration: Calibration) -> FalseAlarms | None:
    """What ``vdup.calibrate`` measured with this calibration in a library; none when it did not.

    Raises:
        LibraryDamagedError: what is kept is no such model.
    """
    text = catalogue.meta_text(f"{_KEY}:{calibration.scores_digest}")
    if text is None:
        return None
    try:
        return FalseAlarms(**json.loads(text))
    except (ValueError, TypeError) as error:
        raise LibraryDamagedError(
            f"the false segments measured in the library are damaged ({error}): measure them anew with "
            "`python -m vdup.calibrate level=segment`"
        ) from error


def keep_false_alarms(library: OpenLibrary, calibration: Calibration, measured: FalseAlarms) -> None:
    """Keeps what was measured with a calibration, in place of what was before.

    Raises:
        LibraryError: the library was opened for reading.
    """
    text = json.dumps(asdict(measured), sort_keys=True)
    library.folder.check_may_change()
    library.folder.catalogue.set_meta(f"{_KEY}:{calibration.scores_digest}", text)
