"""Drawn lectures: pages of text on one template, as it is shared by lectures that have nothing else in common."""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..edits.types import Frames

_PAGE_SECONDS = (3.0, 8.0)
_LINES = (3, 9)
_LETTERS = "aaabcdeeeefghiiiklmnnooprrssttuuvw"
_CHART_CHANCE = 0.35
_PIECE_FRAMES = 50

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Template:
    """What all pages have: colours, a title bar and a foot, where text begins."""

    ground: Colour
    ink: Colour
    bar: Colour
    title: Colour
    bar_height: float
    """Share of the height."""
    bar_below: bool
    """The title stands at the bottom."""
    foot_height: float
    margin: float
    """Share of the width."""
    badge: bool


def draw_template(rng: np.random.Generator) -> Template:
    """Draws a template: light pages with dark text, or dark ones with light text."""
    light: Colour = _colour(rng, 225, 256)
    dark: Colour = _colour(rng, 0, 70)
    ground, ink = (light, dark) if rng.random() < 0.75 else (dark, light)
    return Template(
        *(ground, ink, _colour(rng, 20, 200), light if rng.random() < 0.7 else dark),
        *(float(rng.uniform(0.08, 0.18)), bool(rng.random() < 0.2), float(rng.uniform(0, 0.08))),
        *(float(rng.uniform(0.03, 0.12)), bool(rng.random() < 0.5)),
    )


def show_lecture(
    template: Template, rng: np.random.Generator, seconds: float, rate: Fraction, size: tuple[int, int]
) -> Iterator[Frames]:
    """Frames of a lecture on a template, with pages of its own, uint8 [N, H, W, 3] a piece.

    Args:
        template: shared with other lectures.
        rng: source of all that is the lecture's own.
        seconds: length.
        rate: frames a second.
        size: width and height.
    """
    left = round(seconds * rate)
    while left > 0:
        page = np.asarray(_page(template, rng, size))
        count = min(left, max(1, round(float(rng.uniform(*_PAGE_SECONDS)) * rate)))
        left -= count
        for start in range(0, count, _PIECE_FRAMES):
            yield np.broadcast_to(page, (min(_PIECE_FRAMES, count - start), *page.shape))


def _page(template: Template, rng: np.random.Generator, size: tuple[int, int]) -> Image.Image:
    width, height = size
    picture = Image.new("RGB", size, template.ground)
    canvas = ImageDraw.Draw(picture)
    bar = round(template.bar_height * height)
    foot = round(template.foot_height * height)
    top = 0 if not template.bar_below else height - bar - foot
    canvas.rectangle((0, top, width, top + bar), fill=template.bar)
    if foot:
        canvas.rectangle((0, height - foot, width, height), fill=template.bar)
    margin = template.margin * width
    canvas.text((margin, top + 0.2 * bar), _words(rng, 14).title(), template.title, ImageFont.load_default(0.6 * bar))
    if template.badge:
        canvas.ellipse((width - 1.4 * bar, top + 0.15 * bar, width - 0.7 * bar, top + 0.85 * bar), fill=template.ink)
    step = 0.85 * (height - bar - foot) / _LINES[1]
    first = (0 if template.bar_below else bar) + 0.7 * step
    font = ImageFont.load_default(max(4.0, 0.55 * step))
    for line in range(int(rng.integers(*_LINES))):
        place = (1.4 * margin, first + line * step)
        canvas.text(place, f"· {_words(rng, int(rng.integers(10, 42)))}", template.ink, font)
    if rng.random() < _CHART_CHANCE:
        _chart(canvas, rng, size)
    return picture


def _chart(canvas: ImageDraw.ImageDraw, rng: np.random.Generator, size: tuple[int, int]) -> None:
    width, height = size
    bars = int(rng.integers(3, 7))
    for number in range(bars):
        left = width * (0.62 + 0.32 * number / bars)
        top = height * (0.85 - float(rng.uniform(0.05, 0.35)))
        canvas.rectangle((left, top, left + 0.22 * width / bars, height * 0.85), fill=_colour(rng, 40, 220))


def _words(rng: np.random.Generator, letters: int) -> str:
    """Made-up words of so many letters in all."""
    words = []
    while letters > 0:
        length = min(letters, int(rng.integers(2, 10)))
        words.append("".join(rng.choice(list(_LETTERS), length)))
        letters -= length
    return " ".join(words)


def _colour(rng: np.random.Generator, least: int, most: int) -> Colour:
    red, green, blue = (int(value) for value in rng.integers(least, most, 3))
    return red, green, blue
