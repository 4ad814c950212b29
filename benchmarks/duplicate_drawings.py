"""Drawn footage that several videos have in common, or nearly so: an ident, a leader, slides on one template."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

FRAMES_PER_SECOND = 25
SIZE = (426, 240)
"""Width and height in pixels of everything that is drawn."""
IDENT_SECONDS = 10.0
LEADER_SECONDS = 9.0
SLIDE_SECONDS = 5.0

_NOISE_SECONDS, _SLATE_SECONDS = 3.0, 2.0
"""A leader begins with these; a countdown follows."""
_NOISE_GREY_LEVELS = 4.0
_LINES = (4, 7)
_LETTERS = np.array(list("aabcdeeefghiiklmnnooprrssttuvw"))

Picture = NDArray[np.uint8]


def ident() -> Iterator[Picture]:
    """A logo that turns and grows before a background of drifting colours, RGB uint8 [H, W, 3] each."""
    width, height = SIZE
    rows, columns = np.mgrid[0:height, 0:width].astype(np.float64)
    for frame in range(round(IDENT_SECONDS * FRAMES_PER_SECOND)):
        moment = frame / FRAMES_PER_SECOND
        waves = [
            110 + 60 * np.sin(columns / 61 + 0.7 * moment + shift) * np.cos(rows / 47 - 0.4 * moment + 2 * shift)
            for shift in (0.0, 1.1, 2.3)
        ]
        picture = Image.fromarray(np.stack(waves, axis=-1).astype(np.uint8))
        draw = ImageDraw.Draw(picture)
        radius = 25 + 6 * moment
        for corners, colour in ((5, (245, 200, 40)), (3, (30, 40, 120))):
            turn = int(40 * moment * (1 if corners == 5 else -1))
            draw.regular_polygon((width / 2, height * 0.42, radius * corners / 5), corners, turn, fill=colour)
        shown = "MERIDIAN FILMS"[: max(1, int(2 * moment))]
        draw.text((width / 2, height * 0.85), shown, (255, 255, 255), ImageFont.load_default(26), anchor="mm")
        yield np.asarray(picture)


def leader(seed: int) -> Iterator[Picture]:
    """Nearly black noise, other noise for every seed, then a slate and a countdown, the same for all."""
    width, height = SIZE
    rng = np.random.default_rng(seed)
    for _ in range(round(_NOISE_SECONDS * FRAMES_PER_SECOND)):
        noise = rng.normal(16, _NOISE_GREY_LEVELS, (height, width, 1)).clip(0, 255).astype(np.uint8)
        yield np.repeat(noise, 3, axis=2)
    slate = Image.new("RGB", SIZE, (70, 90, 140))
    draw = ImageDraw.Draw(slate)
    draw.rectangle((30, 30, width - 30, height - 30), outline=(255, 255, 255), width=3)
    for number, line in enumerate(("PROGRAMME 0417", "STEREO  16:9", "ARCHIVE MASTER")):
        draw.text((50, 50 + 50 * number), line, (255, 255, 255), ImageFont.load_default(28))
    for _ in range(round(_SLATE_SECONDS * FRAMES_PER_SECOND)):
        yield np.asarray(slate)
    frames = round((LEADER_SECONDS - _NOISE_SECONDS - _SLATE_SECONDS) * FRAMES_PER_SECOND)
    for frame in range(frames):
        left, turned = divmod(frames - 1 - frame, FRAMES_PER_SECOND)
        picture = Image.new("RGB", SIZE, (150, 150, 150))
        draw = ImageDraw.Draw(picture)
        box = (width / 2 - 100, height / 2 - 100, width / 2 + 100, height / 2 + 100)
        draw.pieslice(box, -90, 270 - 360 * turned // FRAMES_PER_SECOND, fill=(110, 110, 110))
        draw.ellipse(box, outline=(20, 20, 20), width=4)
        draw.line((0, height / 2, width, height / 2), (20, 20, 20), 2)
        draw.line((width / 2, 0, width / 2, height), (20, 20, 20), 2)
        count = str(left + 1)
        draw.text((width / 2, height / 2), count, (10, 10, 10), ImageFont.load_default(110), anchor="mm")
        yield np.asarray(picture)


def slide(lecture: int, number: int) -> Picture:
    """A page of a lecture on the template that all lectures have, with text of its own."""
    width, height = SIZE
    rng = np.random.default_rng([lecture, number])
    picture = Image.new("RGB", SIZE, (250, 250, 246))
    draw = ImageDraw.Draw(picture)
    draw.rectangle((0, 0, width, 40), fill=(25, 60, 120))
    draw.rectangle((0, height - 20, width, height), fill=(200, 205, 215))
    draw.ellipse((width - 38, 6, width - 10, 34), fill=(240, 170, 40))
    draw.text((10, height - 17), "Institute of Examples", (60, 60, 60), ImageFont.load_default(11))
    draw.text((width - 30, height - 17), str(number + 1), (60, 60, 60), ImageFont.load_default(11))
    draw.text((12, 8), _words(rng, 24).capitalize(), (255, 255, 255), ImageFont.load_default(20))
    for line in range(int(rng.integers(*_LINES))):
        top = 54 + 26 * line
        draw.ellipse((16, top + 5, 22, top + 11), fill=(25, 60, 120))
        draw.text((32, top), _words(rng, int(rng.integers(18, 46))), (30, 30, 30), ImageFont.load_default(15))
    return np.asarray(picture)


def slides(lecture: int, count: int) -> Iterator[Picture]:
    """The first pages of a lecture, one after another."""
    for number in range(count):
        page = slide(lecture, number)
        for _ in range(round(SLIDE_SECONDS * FRAMES_PER_SECOND)):
            yield page


def _words(rng: np.random.Generator, letters: int) -> str:
    """Made-up words of so many letters, and the blanks between them."""
    text = "".join(rng.choice(_LETTERS, letters))
    place = 0
    words = []
    while place < letters:
        length = int(rng.integers(2, 10))
        words.append(text[place : place + length])
        place += length
    return " ".join(words)
