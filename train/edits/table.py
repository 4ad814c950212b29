"""The table of edits that uploaders use, and combinations of them such as ``hue+stickers``.

The list follows what the copy-detection benchmarks FIVR-200K, VCDB, DISC21 and VSC2022 report of real and imitated
uploads. Strengths are those of everyday uploads: the copy stays recognisable at a glance.
"""

from dataclasses import dataclass

import numpy as np

from . import colour, overlay, screen, spatial
from .temporal import DROPPED_FRAMES, FAST, SLOW, TemporalEdit, TimeMapping
from .types import Edit, FootageEdit, Frames, PictureEdit, Surroundings

EDITS: dict[str, Edit] = {
    edit.name: edit
    for edit in (
        PictureEdit("reencode", colour.reencode),
        PictureEdit("crop", spatial.crop),
        PictureEdit("zoom", spatial.zoom),
        PictureEdit("flip", spatial.flip),
        PictureEdit("rotate", spatial.rotate),
        PictureEdit("rotate90", spatial.rotate90),
        PictureEdit("gray", colour.gray),
        PictureEdit("hue", colour.hue),
        PictureEdit("light", colour.light),
        PictureEdit("blur", colour.blur),
        PictureEdit("noise", colour.noise),
        PictureEdit("pixelate", colour.pixelate),
        PictureEdit("stickers", overlay.stickers),
        PictureEdit("caption", overlay.caption),
        PictureEdit("logo", overlay.logo),
        PictureEdit("border", spatial.border),
        PictureEdit("blurbars", spatial.blurbars),
        FootageEdit("pip", overlay.pip),
        FootageEdit("pip_host", overlay.pip_host),
        FootageEdit("split", overlay.split),
        PictureEdit("screen", screen.screen),
        PictureEdit("aspect", spatial.aspect),
        FootageEdit("overlay", overlay.overlay),
    )
}
"""Edits of the picture, by name."""

TEMPORAL_EDITS: dict[str, TemporalEdit] = {edit.name: edit for edit in (FAST, SLOW, DROPPED_FRAMES)}
"""Edits of time, by name."""

EDIT_NAMES: tuple[str, ...] = (*EDITS, *TEMPORAL_EDITS)
"""All single edits."""

_COMBINABLE: tuple[tuple[str, ...], ...] = (
    ("crop", "zoom", "flip", "rotate", "aspect"),
    ("gray", "hue", "light"),
    ("blur", "noise", "reencode", "overlay"),
    ("fast", "slow", "fpsdrop"),
    ("stickers", "caption", "logo", "border", "blurbars"),
)
"""Combinations take at most one edit of each kind, in this order."""


@dataclass(frozen=True)
class EditChain:
    """One or more edits that are made one after another."""

    name: str
    """Names joined by ``+``, in the order of application."""
    temporal: TemporalEdit | None
    """The edit of time, if there is one."""
    pictures: tuple[Edit, ...]
    """The edits of the picture."""

    @property
    def needs_footage(self) -> bool:
        """Whether :meth:`apply` must be given surroundings."""
        return any(edit.needs_footage for edit in self.pictures)

    def draw_time(self, rng: np.random.Generator) -> TimeMapping:
        """How the copy's time runs; the identity when no edit of time is among them."""
        return TimeMapping() if self.temporal is None else self.temporal.draw(rng)

    def apply(self, frames: Frames, rng: np.random.Generator, surroundings: Surroundings | None = None) -> Frames:
        """Makes the edits of the picture, as :meth:`~.edit_types.Edit.apply` does; time is left to the caller."""
        for edit in self.pictures:
            frames = edit.apply(frames, rng, surroundings)
        return frames


def parse_edits(text: str) -> EditChain:
    """Edits named in ``text``, such as ``flip`` or ``hue+stickers``.

    Raises:
        ValueError: An unknown name, or two edits of time.
    """
    names = text.split("+")
    for name in names:
        if name not in EDITS and name not in TEMPORAL_EDITS:
            raise ValueError(f"unknown edit {name!r} in {text!r}: choose from {', '.join(EDIT_NAMES)}")
    temporal = [TEMPORAL_EDITS[name] for name in names if name in TEMPORAL_EDITS]
    if len(temporal) > 1:
        raise ValueError(f"{text!r} names {len(temporal)} edits of time: give at most one")
    return EditChain(text, temporal[0] if temporal else None, tuple(EDITS[name] for name in names if name in EDITS))


def draw_combination(rng: np.random.Generator) -> str:
    """Name of a combination of two edits of different kinds, or of three in a third of the draws."""
    count = 3 if rng.random() < 1 / 3 else 2
    kinds = np.sort(rng.choice(len(_COMBINABLE), count, replace=False))
    return "+".join(str(rng.choice(_COMBINABLE[kind])) for kind in kinds)
