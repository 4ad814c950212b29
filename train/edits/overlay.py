"""Edits that lay something over the clip, or the clip over something: stickers, text, logos, other footage, screens."""

import math
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from .types import Frames, Surroundings, change_each, cover, size_of

_BILINEAR = Image.Resampling.BILINEAR
# fmt: off
_WORDS = (
    "wait", "for", "it", "omg", "this", "is", "the", "best", "day", "ever", "follow", "more", "part", "two", "they",
    "said", "no", "way", "you", "will", "not", "believe", "how", "to", "make", "home", "watch", "until", "end", "new",
)
# fmt: on
_STICKER_PIXELS = 96


def _colour(rng: np.random.Generator, darkest: int = 0) -> tuple[int, int, int]:
    red, green, blue = (int(value) for value in rng.integers(darkest, 256, 3))
    return red, green, blue


def _words(rng: np.random.Generator, least: int, most: int) -> str:
    return " ".join(rng.choice(_WORDS, int(rng.integers(least, most + 1))))


def _text_picture(
    text: str, pixels: float, fill: tuple[int, int, int], outline: tuple[int, int, int] | None = None
) -> Image.Image:
    """Text on a transparent picture just large enough for it."""
    font = ImageFont.load_default(max(8.0, pixels))
    width = max(1, round(pixels / 12)) if outline else 0
    left, top, right, bottom = ImageDraw.Draw(Image.new("L", (1, 1))).textbbox((0, 0), text, font, stroke_width=width)
    picture = Image.new("RGBA", (math.ceil(right - left) + 2, math.ceil(bottom - top) + 2))
    ImageDraw.Draw(picture).text((1 - left, 1 - top), text, fill, font, stroke_width=width, stroke_fill=outline)
    return picture


def _face(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    draw.ellipse((4, 4, 92, 92), (255, 205, 40), outline=(170, 110, 0), width=3)
    for left in (26, 58):
        draw.ellipse((left, 28, left + 12, 46), (60, 35, 10))
    if rng.random() < 0.5:
        draw.chord((24, 40, 72, 80), 0, 180, (120, 30, 20))
    else:
        draw.arc((28, 58, 68, 88), 200, 340, (60, 35, 10), 5)


def _heart(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    turn = np.linspace(0, 2 * np.pi, 60)
    across = 48 + 2.7 * 16 * np.sin(turn) ** 3
    down = 44 - 2.7 * (13 * np.cos(turn) - 5 * np.cos(2 * turn) - 2 * np.cos(3 * turn) - np.cos(4 * turn))
    red = int(rng.integers(200, 256))
    draw.polygon(list(zip(across.tolist(), down.tolist(), strict=True)), (red, 30, 70))


def _star(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    points = int(rng.integers(5, 9))
    turn = np.arange(2 * points) * np.pi / points - np.pi / 2
    radius = np.where(np.arange(2 * points) % 2, 20.0, 45.0)
    corners = zip((48 + radius * np.cos(turn)).tolist(), (48 + radius * np.sin(turn)).tolist(), strict=True)
    draw.polygon(list(corners), _colour(rng, 80), outline=(255, 255, 255), width=2)


def _arrow(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    draw.polygon([(6, 36), (52, 36), (52, 14), (92, 48), (52, 82), (52, 60), (6, 60)], _colour(rng, 60), (0, 0, 0))


def _bubble(draw: ImageDraw.ImageDraw, rng: np.random.Generator) -> None:
    draw.polygon([(22, 60), (44, 66), (16, 92)], (255, 255, 255))
    draw.rounded_rectangle((4, 12, 92, 70), 20, (255, 255, 255), (0, 0, 0), 2)
    draw.text((16, 26), _words(rng, 1, 1), (0, 0, 0), ImageFont.load_default(26))


_SHAPES: tuple[Callable[[ImageDraw.ImageDraw, np.random.Generator], None], ...] = (
    _face,
    _heart,
    _star,
    _arrow,
    _bubble,
)


def stickers(frames: Frames, rng: np.random.Generator) -> Frames:
    """Pastes 2-6 drawn shapes, each 14-30 % of the short side; some bob, some drift across the picture."""
    width, height = size_of(frames)
    count = int(rng.integers(2, 7))
    pictures = []
    for _ in range(count):
        drawn = Image.new("RGBA", (_STICKER_PIXELS, _STICKER_PIXELS))
        _SHAPES[rng.integers(len(_SHAPES))](ImageDraw.Draw(drawn), rng)
        side = max(4, round(min(width, height) * rng.uniform(0.14, 0.3)))
        turned = drawn.rotate(float(rng.uniform(-30, 30)), Image.Resampling.BICUBIC)
        pictures.append(turned.resize((side, side), Image.Resampling.BILINEAR))
    places = rng.uniform(0, 0.85, (count, 2)) * (width, height)
    drifts = rng.normal(0, 0.0012, (count, 2)) * (width, height) * (rng.random((count, 1)) < 0.4)
    bobs = rng.uniform(0, 0.015, count) * height
    phases = rng.uniform(0, 2 * np.pi, count)

    def decorate(picture: Image.Image, number: int) -> Image.Image:
        for sticker, place, drift, bob, phase in zip(pictures, places, drifts, bobs, phases, strict=True):
            x, y = place + drift * number + (0, bob * math.sin(0.25 * number + phase))
            picture.paste(sticker, (round(x), round(y)), sticker)
        return picture

    return change_each(frames, decorate)


def caption(frames: Frames, rng: np.random.Generator) -> Frames:
    """Writes subtitles at the bottom, or a headline band at the top or bottom; subtitles change every 1-3 s."""
    width, height = size_of(frames)
    is_band = rng.random() < 0.5
    pixels = height * rng.uniform(0.06, 0.11)
    band_colour = _colour(rng)
    fill = (0, 0, 0) if is_band and sum(band_colour) > 380 else (255, 255, 255)
    outline = None if is_band else (0, 0, 0)
    frames_each = int(rng.integers(25, 76))
    texts = []
    for _ in range(1 if is_band else 1 + len(frames) // frames_each):
        text = _text_picture(_words(rng, 3, 6), pixels, fill, outline)
        if text.width > width:
            text = text.resize((width, max(1, round(text.height * width / text.width))), _BILINEAR)
        texts.append(text)
    band_height = round(pixels * 1.7)
    at_top = is_band and rng.random() < 0.5
    band_top = 0 if at_top else height - band_height

    def write(picture: Image.Image, number: int) -> Image.Image:
        text = texts[min(number // frames_each, len(texts) - 1)]
        if is_band:
            picture.paste(band_colour, (0, band_top, width, band_top + band_height))
        top = band_top + (band_height - text.height) // 2 - (0 if is_band else round(0.04 * height))
        picture.paste(text, ((width - text.width) // 2, top), text)
        return picture

    return change_each(frames, write)


def logo(frames: Frames, rng: np.random.Generator) -> Frames:
    """Puts a channel's mark, a disc and a word, into one corner, half see-through."""
    width, height = size_of(frames)
    pixels = min(width, height) * rng.uniform(0.07, 0.13)
    name = _text_picture(_words(rng, 1, 2).upper(), pixels, (255, 255, 255), (0, 0, 0))
    disc = round(pixels * 1.6)
    mark = Image.new("RGBA", (disc + name.width + 4, max(disc, name.height) + 2))
    ImageDraw.Draw(mark).ellipse((0, 0, disc, disc), _colour(rng, 60), (255, 255, 255), 2)
    mark.paste(name, (disc + 3, (mark.height - name.height) // 2), name)
    if mark.width > width:
        mark = mark.resize((width, max(1, round(mark.height * width / mark.width))), _BILINEAR)
    opacity = float(rng.uniform(0.6, 1.0))
    mark.putalpha(mark.getchannel("A").point(lambda value: value * opacity))
    margin = round(0.03 * min(width, height))
    left = margin if rng.random() < 0.5 else max(0, width - mark.width - margin)
    top = margin if rng.random() < 0.5 else max(0, height - mark.height - margin)

    def sign(picture: Image.Image, _: int) -> Image.Image:
        picture.paste(mark, (left, top), mark)
        return picture

    return change_each(frames, sign)


def _inset_place(rng: np.random.Generator, width: int, height: int, inner: tuple[int, int]) -> tuple[int, int]:
    return int(rng.integers(0, width - inner[0] + 1)), int(rng.integers(0, height - inner[1] + 1))


def pip(frames: Frames, rng: np.random.Generator, surroundings: Surroundings) -> Frames:
    """Shows the clip as an inset of 35-60 % width and height in other footage."""
    width, height = size_of(frames)
    scale = rng.uniform(0.35, 0.6)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    place = _inset_place(rng, width, height, inner)

    def inset(picture: Image.Image, number: int) -> Image.Image:
        host = surroundings.picture(number, (width, height))
        host.paste(picture.resize(inner, _BILINEAR), place)
        return host

    return change_each(frames, inset)


def pip_host(frames: Frames, rng: np.random.Generator, surroundings: Surroundings) -> Frames:
    """Lays an inset of other footage, 25-40 % wide and high, over the clip."""
    width, height = size_of(frames)
    scale = rng.uniform(0.25, 0.4)
    inner = (max(1, round(width * scale)), max(1, round(height * scale)))
    place = _inset_place(rng, width, height, inner)

    def cover_part(picture: Image.Image, number: int) -> Image.Image:
        picture.paste(surroundings.picture(number, inner), place)
        return picture

    return change_each(frames, cover_part)


def split(frames: Frames, rng: np.random.Generator, surroundings: Surroundings) -> Frames:
    """Shares the screen with other footage: side by side or one above the other, whole or cut to its half."""
    width, height = size_of(frames)
    side_by_side, first, whole = rng.random(3) < 0.5
    half = (max(1, width // 2), height) if side_by_side else (width, max(1, height // 2))
    there = (width - half[0], 0) if side_by_side else (0, height - half[1])
    copy_place, other_place = ((0, 0), there) if first else (there, (0, 0))
    scale = min(half[0] / width, half[1] / height)
    shrunk = (max(1, round(width * scale)), max(1, round(height * scale)))
    margin = ((half[0] - shrunk[0]) // 2, (half[1] - shrunk[1]) // 2)

    def share(picture: Image.Image, number: int) -> Image.Image:
        screen_picture = Image.new("RGB", (width, height))
        screen_picture.paste(surroundings.picture(number, half), other_place)
        if whole:
            place = (copy_place[0] + margin[0], copy_place[1] + margin[1])
            screen_picture.paste(picture.resize(shrunk, _BILINEAR), place)
        else:
            screen_picture.paste(cover(picture, half), copy_place)
        return screen_picture

    return change_each(frames, share)


def overlay(frames: Frames, rng: np.random.Generator, surroundings: Surroundings) -> Frames:
    """Blends other footage in, at 15-35 %."""
    size = size_of(frames)
    strength = float(rng.uniform(0.15, 0.35))
    return change_each(
        frames, lambda picture, number: Image.blend(picture, surroundings.picture(number, size), strength)
    )
