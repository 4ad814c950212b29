"""Copies of sampled frames, edited as uploaders do: enough to see how far copies of a library's own videos lie.

The first copy of a video is only compressed once more; it is the mildest copy there is. The others are also trimmed,
cropped, recoloured, blurred or captioned, each drawn once for all frames of a copy.
"""

import io
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

Images = NDArray[np.uint8]
"""RGB, uint8 [N, S, S, 3]."""

_Change = Callable[[Image.Image], Image.Image]


def mildest_copy(images: Images, rng: np.random.Generator) -> Images:
    """The frames scaled down and compressed once more."""
    return _changed(images, _recoding(rng, smallest_scale=0.5, quality=(50, 92)))


def edited_copy(images: Images, rng: np.random.Generator) -> Images:
    """A stretch of half of the frames or more, with one to three edits, compressed once more."""
    count = int(rng.integers(max(1, len(images) // 2), len(images) + 1))
    first = int(rng.integers(0, len(images) - count + 1))
    return edited_frames(images[first : first + count], rng)


def edited_frames(images: Images, rng: np.random.Generator) -> Images:
    """All the frames, with one to three edits, compressed once more."""
    edits = [_crop, _recolour, _soften, _caption, _mirror]
    chosen = sorted(rng.choice(len(edits), int(rng.integers(1, 4)), replace=False).tolist())
    copied = images
    for place in chosen:
        copied = _changed(copied, edits[place](rng))
    return _changed(copied, _recoding(rng, smallest_scale=0.4, quality=(30, 85)))


def _changed(images: Images, change: _Change) -> Images:
    return np.stack([np.asarray(change(Image.fromarray(image)), dtype=np.uint8) for image in images])


def _recoding(rng: np.random.Generator, smallest_scale: float, quality: tuple[int, int]) -> _Change:
    scale, chosen = float(rng.uniform(smallest_scale, 1)), int(rng.integers(*quality))

    def recode(picture: Image.Image) -> Image.Image:
        small = picture.resize((max(16, round(picture.width * scale)), max(16, round(picture.height * scale))))
        buffer = io.BytesIO()
        small.save(buffer, "JPEG", quality=chosen)
        return Image.open(buffer).convert("RGB").resize(picture.size)

    return recode


def _crop(rng: np.random.Generator) -> _Change:
    left, top, right, bottom = rng.uniform(0, 0.15, 4)

    def crop(picture: Image.Image) -> Image.Image:
        width, height = picture.size
        box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        return picture.resize(picture.size, Image.Resampling.BILINEAR, box=box)

    return crop


def _recolour(rng: np.random.Generator) -> _Change:
    colour, light, contrast = rng.uniform(0, 1.6), rng.uniform(0.7, 1.3), rng.uniform(0.7, 1.3)

    def recolour(picture: Image.Image) -> Image.Image:
        bright = ImageEnhance.Brightness(ImageEnhance.Color(picture).enhance(colour)).enhance(light)
        return ImageEnhance.Contrast(bright).enhance(contrast)

    return recolour


def _soften(rng: np.random.Generator) -> _Change:
    radius = rng.uniform(0.5, 2.0)
    return lambda picture: picture.filter(ImageFilter.GaussianBlur(radius))


def _caption(rng: np.random.Generator) -> _Change:
    share, shade, is_above = rng.uniform(0.08, 0.18), int(rng.integers(0, 256)), bool(rng.random() < 0.5)

    def caption(picture: Image.Image) -> Image.Image:
        captioned = picture.copy()
        height = round(share * picture.height)
        top = 0 if is_above else picture.height - height
        ImageDraw.Draw(captioned).rectangle((0, top, picture.width, top + height), fill=(shade, shade, shade))
        return captioned

    return caption


def _mirror(_rng: np.random.Generator) -> _Change:
    return lambda picture: picture.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
