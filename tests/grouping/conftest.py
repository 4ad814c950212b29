from pipeline.conftest import one_thread, workshop

__all__ = ["one_thread", "workshop"]
