"""ViSiL: fine-grained similarity of two videos, by a network over their frame-to-frame similarities."""

from vdup.visil.model import ViSiL

__all__ = ["ViSiL"]
