"""Edits of colour and sharpness: filters, light, noise and poor encodings."""

from fractions import Fraction

import numpy as np
from PIL import Image, ImageFilter

from .footage_file import even, recode
from .types import Frames, change_each, size_of

_GRAY_WEIGHTS = np.array([0.299, 0.587, 0.114])
# RGB to luminance and two colour axes (the YIQ space of NTSC television); hue is the angle between the two axes.
_TO_YIQ = np.array([[0.299, 0.587, 0.114], [0.596, -0.274, -0.322], [0.211, -0.523, 0.312]])
_FROM_YIQ = np.linalg.inv(_TO_YIQ)
_CLIP_RATE = Fraction(25)


def _colour_matrix(frames: Frames, matrix: np.ndarray) -> Frames:
    rows = np.hstack([matrix, np.zeros((3, 1))])
    values = tuple(float(value) for value in rows.ravel())
    return change_each(frames, lambda picture, _: picture.convert("RGB", values))


def reencode(frames: Frames, rng: np.random.Generator) -> Frames:
    """Goes through x264 at 45-90 % of the size and a rate factor of 32-45, and back to the old size.

    The smaller the picture, the better it is kept: both at their worst leave nothing that a person would share.
    """
    scale = rng.uniform(0.45, 0.9)
    crf = round(rng.uniform(32, 37 + 8 * (scale - 0.45) / 0.45))
    width, height = size_of(frames)
    coded = (max(16, even(width * scale)), max(16, even(height * scale)))
    return recode(frames, coded, _CLIP_RATE, crf)


def gray(frames: Frames, rng: np.random.Generator) -> Frames:
    """Takes the colour out; a third of the clips are tinted, as old photographs are."""
    tint = np.array([1.0, 1.0, 1.0]) if rng.random() < 2 / 3 else np.array([1.08, 0.98, 0.8])
    return _colour_matrix(frames, np.outer(tint, _GRAY_WEIGHTS))


def hue(frames: Frames, rng: np.random.Generator) -> Frames:
    """Turns all hues by 20-180 degrees and scales the saturation to 50-170 %."""
    angle = np.radians(rng.uniform(20, 180)) * rng.choice([-1, 1])
    saturation = rng.uniform(0.5, 1.7)
    cosine, sine = saturation * np.cos(angle), saturation * np.sin(angle)
    turn = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return _colour_matrix(frames, _FROM_YIQ @ turn @ _TO_YIQ)


def light(frames: Frames, rng: np.random.Generator) -> Frames:
    """Changes gamma, contrast and brightness together, clearly darker or clearly lighter."""
    gamma = np.exp(rng.uniform(0.15, 0.55) * rng.choice([-1, 1]))
    contrast, shift = rng.uniform(0.65, 1.4), rng.uniform(-30, 30)
    levels = 255 * (np.arange(256) / 255) ** gamma
    table = np.clip((levels - 127.5) * contrast + 127.5 + shift, 0, 255).astype(np.uint8)
    changed: Frames = table[frames]
    return changed


def blur(frames: Frames, rng: np.random.Generator) -> Frames:
    """Gaussian blur with a radius of 0.4-1.4 % of the short side."""
    radius = max(0.8, float(rng.uniform(0.004, 0.014)) * min(size_of(frames)))
    return change_each(frames, lambda picture, _: picture.filter(ImageFilter.GaussianBlur(radius)))


def noise(frames: Frames, rng: np.random.Generator) -> Frames:
    """Adds fresh noise to every frame, of 8-28 levels' standard deviation; some clips have gray grain."""
    deviation = rng.uniform(8, 28)
    width, height = size_of(frames)
    channels = 1 if rng.random() < 0.4 else 3
    # One field, cut at a new place for each frame: fresh noise for the eye at a fraction of the cost.
    room = 64
    field = rng.normal(0, deviation, (height + room, width + room, channels)).astype(np.int16)
    noisy = np.empty_like(frames)
    for number, frame in enumerate(frames):
        top, left = rng.integers(0, room + 1, 2)
        noisy[number] = np.clip(frame + field[top : top + height, left : left + width], 0, 255)
    return noisy


def pixelate(frames: Frames, rng: np.random.Generator) -> Frames:
    """Shows blocks of 1.2-3 % of the short side."""
    width, height = size_of(frames)
    block = max(2.0, float(rng.uniform(0.012, 0.03)) * min(width, height))
    small = (max(1, round(width / block)), max(1, round(height / block)))
    return change_each(
        frames,
        lambda picture, _: picture.resize(small, Image.Resampling.BOX).resize(
            (width, height), Image.Resampling.NEAREST
        ),
    )
