"""Weights that ship with vdup, as safetensors, with their model cards."""

from importlib.resources import files
from importlib.resources.abc import Traversable


def shipped(ending: str) -> list[Traversable]:
    """The files whose names have an ending, ordered by name."""
    found = (item for item in files(__name__).iterdir() if item.name.endswith(ending))
    return sorted(found, key=lambda item: item.name)
