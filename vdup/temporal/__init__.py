"""Temporal models: the Temporal Match Kernel."""

from vdup.temporal.tmk import TMK, TMK_Poullot

__all__ = ["TMK", "TMK_Poullot"]
