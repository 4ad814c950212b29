"""Temporal models: a whole video as one descriptor that can be compared at every time offset."""

from vdup.temporal.cte import CTE
from vdup.temporal.lamv import LAMV
from vdup.temporal.tmk import TMK, TMK_Poullot

__all__ = ["CTE", "LAMV", "TMK", "TMK_Poullot"]
