"""The library of scripted films serves here too."""

from pipeline.conftest import one_thread, workshop

__all__ = ["one_thread", "workshop"]
