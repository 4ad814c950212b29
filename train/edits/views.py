"""Which edits the copies of a picture get: kinds that differ within a family, and in every eighth copy hardly any.

The mildest copy, saved again and nothing else, is the most common one of all, so it must not be crowded out by edits
that are harder to see through.
"""

import io
from collections.abc import Collection
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from .footage_file import even, recode
from .table import EDITS, parse_edits
from .types import Surroundings

Picture = NDArray[np.uint8]
"""RGB, uint8 [H, W, 3]."""

RESAVED = "resave"
"""Name of a copy that was only scaled down and compressed, as every upload is."""

EDIT_KINDS: tuple[tuple[str, ...], ...] = (
    ("crop", "zoom", "rotate", "aspect", "flip", "rotate90"),
    ("gray", "hue", "light"),
    ("stickers", "caption", "logo"),
    ("pip", "pip_host", "split", "overlay"),
    ("border", "blurbars", "screen"),
    ("reencode", "blur", "noise", "pixelate"),
)
"""Edits that do much the same. A copy gets one of a kind at most, in the order in which an upload comes about."""

_RESAVED_SHARE = 1 / 8
_CHANCES_OF_EDITS = (0.5, 0.35, 0.15)
"""Chances of one, two and three edits."""

_ANY_RATE = Fraction(25)

Card = TypeVar("Card")


@dataclass
class _Deck(Generic[Card]):
    """Deals its cards in random order; none comes again before all were dealt."""

    cards: tuple[Card, ...]
    rng: np.random.Generator
    _rest: list[Card] = field(default_factory=list)

    def deal(self) -> Card:
        if not self._rest:
            self._rest = [self.cards[place] for place in self.rng.permutation(len(self.cards))]
        return self._rest.pop()


def check_left_out(left_out: Collection[str]) -> None:
    """Checks the names of edits that are not to be made.

    Raises:
        ValueError: an unknown name, or no edit remains.
    """
    unknown = sorted(set(left_out) - set(EDITS))
    if unknown:
        raise ValueError(f"left_out names unknown edits {', '.join(unknown)}: choose from {', '.join(EDITS)}")
    if set(left_out) == set(EDITS):
        raise ValueError("left_out names all edits: leave at least one")


def draw_views(views: int, left_out: Collection[str], rng: np.random.Generator) -> tuple[str, ...]:
    """Draws the edits of one family's copies.

    The first edit of each copy is of another kind than those of its neighbours, and of another name while there are
    names of the kind left.

    Args:
        views: copies of the family.
        left_out: edits that are not made.
        rng: source of all randomness.

    Returns:
        For each copy :data:`RESAVED`, an edit's name, or up to three of different kinds joined by ``+``.
    """
    kinds = [names for kind in EDIT_KINDS if (names := tuple(name for name in kind if name not in left_out))]
    names_of = [_Deck(kind, rng) for kind in kinds]
    leaders = _Deck(tuple(range(len(kinds))), rng)
    drawn = []
    for _ in range(views):
        if rng.random() < _RESAVED_SHARE:
            drawn.append(RESAVED)
            continue
        count = min(int(rng.choice(3, p=_CHANCES_OF_EDITS)), len(kinds) - 1)
        leader = leaders.deal()
        others = [kind for kind in range(len(kinds)) if kind != leader]
        chosen = sorted([leader, *rng.choice(others, count, replace=False).tolist()] if count else [leader])
        drawn.append("+".join(names_of[kind].deal() for kind in chosen))
    return tuple(drawn)


def needs_footage(name: str) -> bool:
    """Whether :func:`make_view` must be given surroundings for this name."""
    return name != RESAVED and parse_edits(name).needs_footage


def make_view(picture: Picture, name: str, rng: np.random.Generator, surroundings: Surroundings | None) -> Picture:
    """Makes a copy.

    Args:
        picture: RGB, uint8 [H, W, 3]; left as it is.
        name: as drawn by :func:`draw_views`.
        rng: source of all randomness.
        surroundings: other footage, for edits that show the copy together with it.

    Returns:
        RGB, uint8 [H2, W2, 3], of any size.

    Raises:
        ValueError: an unknown name, or surroundings are missing.
    """
    if name == RESAVED:
        return resave(picture, rng)
    edited: Picture = parse_edits(name).apply(picture[None], rng, surroundings)[0]
    return edited


def resave(picture: Picture, rng: np.random.Generator) -> Picture:
    """Scales to 50-100 % and compresses with little loss, half of the time as JPEG and half of the time with x264.

    Args:
        picture: RGB, uint8 [H, W, 3].
        rng: source of all randomness.
    """
    height, width = picture.shape[:2]
    scale = rng.uniform(0.5, 1.0)
    size = (max(16, even(width * scale)), max(16, even(height * scale)))
    if rng.random() < 0.5:
        recoded: Picture = recode(picture[None], size, _ANY_RATE, round(rng.uniform(18, 30)))[0]
        return recoded
    buffer = io.BytesIO()
    scaled = Image.fromarray(picture).resize(size, Image.Resampling.BILINEAR)
    scaled.save(buffer, "JPEG", quality=round(rng.uniform(50, 92)))
    with Image.open(buffer) as saved:
        return np.asarray(saved, dtype=np.uint8)
