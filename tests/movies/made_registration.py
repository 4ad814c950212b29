"""Registrations as the tests need them."""

from dataclasses import replace

from vdup.movies.agreement import Agreement
from vdup.movies.registration import Registration
from vdup.types import Placement

_PLAIN = Registration(
    placement=Placement.whole(),
    speed=1.0,
    intercept_seconds=0.0,
    correlation=0.9,
    elsewhere=0.1,
    motion=0.3,
    reference_motion=0.3,
    covered=1.0,
    moments=16,
    agreement=Agreement(0.8, 0.7, 60, 0.6),
    quick=0.6,
    quick_elsewhere=0.05,
    quick_at_best_elsewhere=0.1,
    independent_moments=5.0,
)


def made_registration(**changes: object) -> Registration:
    """A good one of a whole picture at its own speed, with changes."""
    return replace(_PLAIN, **changes)  # type: ignore[arg-type]
