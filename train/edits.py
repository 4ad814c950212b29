"""The table of edits that uploaders use, and combinations of them such as ``hue+stickers``.

The list follows what the copy-detection benchmarks FIVR-200K, VCDB, DISC21 and VSC2022 report of real and imitated
uploads. Strengths are those of everyday uploads: the copy stays recognisable at a glance.
"""

from dataclasses import dataclass

import numpy as np

from . import edits_colour, edits_overlay, edits_screen, edits_spatial
from .edit_types import Edit, FootageEdit, Frames, PictureEdit, Surroundings
from .edits_temporal import DROPPED_FRAMES, FAST, SLOW, TemporalEdit, TimeMapping

EDITS: dict[str, Edit] = {
    edit.name: edit
    for edit in (
        PictureEdit("reencode", edits_colour.reencode),
        PictureEdit("crop", edits_spatial.crop),
        PictureEdit("zoom", edits_spatial.zoom),
        PictureEdit("flip", edits_spatial.flip),
        PictureEdit("rotate", edits_spatial.rotate),
        PictureEdit("rotate90", edits_spatial.rotate90),
        PictureEdit("gray", edits_colour.gray),
        PictureEdit("hue", edits_colour.hue),
        PictureEdit("light", edits_colour.light),
        PictureEdit("blur", edits_colour.blur),
        PictureEdit("noise", edits_colour.noise),
        PictureEdit("pixelate", edits_colour.pixelate),
        PictureEdit("stickers", edits_overlay.stickers),
        PictureEdit("caption", edits_overlay.caption),
        PictureEdit("logo", edits_overlay.logo),
        PictureEdit("border", edits_spatial.border),
        PictureEdit("blurbars", edits_spatial.blurbars),
        FootageEdit("pip", edits_overlay.pip),
        FootageEdit("pip_host", edits_overlay.pip_host),
        FootageEdit("split", edits_overlay.split),
        PictureEdit("screen", edits_screen.screen),
        PictureEdit("aspect", edits_spatial.aspect),
        FootageEdit("overlay", edits_overlay.overlay),
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
