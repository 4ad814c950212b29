"""Pictures that stand: the slate and the black that several references open with."""

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ..edits.types import Frames


def still(picture: Image.Image, count: int) -> Frames:
    """One picture for so many frames."""
    return np.broadcast_to(np.asarray(picture), (count, picture.height, picture.width, 3))


def slate(size: tuple[int, int]) -> Image.Image:
    """The opening title that every collection of this kind shares."""
    picture = Image.new("RGB", size, (28, 44, 92))
    font = ImageFont.load_default(min(size) * 0.09)
    draw = ImageDraw.Draw(picture)
    draw.text((size[0] / 2, size[1] * 0.42), "COLLECTED FILMS", (240, 240, 240), font, anchor="mm")
    draw.text((size[0] / 2, size[1] * 0.58), "all rights reserved", (180, 190, 220), font, anchor="mm")
    return picture
