"""An edited compilation with known contents: stretches of other videos with unrelated footage between."""

import tempfile
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from examples.footage import FRAMES_PER_SECOND, Picture, fit, read_clip, shapes
from vdup.video.writer import write_video

_OWN_SEED = 7
_HARD_COMPRESSION = {"preset": "veryfast", "crf": "36"}


@dataclass(frozen=True)
class Stretch:
    """A part of a reference to be planted."""

    reference: str
    """File name."""
    start_seconds: float
    end_seconds: float
    edit: str
    """What is done to it, in words."""
    change: Callable[[Picture], Picture]
    """The same, for each picture."""
    speed: float = 1.0
    """Seconds of the reference that pass in one second of the compilation."""
    mirrored: bool = False
    """Whether ``change`` swaps left and right."""
    compressed_first: bool = False
    """Encode it by itself and harder before it is planted."""

    @property
    def frames(self) -> int:
        """Length in the compilation."""
        return round((self.end_seconds - self.start_seconds) / self.speed * FRAMES_PER_SECOND)


@dataclass(frozen=True)
class Gap:
    """Unrelated footage."""

    seconds: float

    @property
    def frames(self) -> int:
        """Length in the compilation."""
        return round(self.seconds * FRAMES_PER_SECOND)


@dataclass(frozen=True)
class Planted:
    """A stretch and where it went."""

    stretch: Stretch
    start_seconds: float
    end_seconds: float


def crop_and_caption(picture: Picture) -> Picture:
    """Cuts an eighth off the left and right and a tenth off the top and bottom, then writes two words over it."""
    height, width = picture.shape[:2]
    cropped = Image.fromarray(picture[height // 10 : height - height // 10, width // 8 : width - width // 8])
    draw = ImageDraw.Draw(cropped)
    font = ImageFont.load_default(size=max(8, cropped.height // 9))
    place = (cropped.width / 2, cropped.height * 0.88)
    draw.text(place, "SEEN TODAY", font=font, anchor="mm", fill="white", stroke_width=2, stroke_fill="black")
    return np.asarray(cropped, dtype=np.uint8)


def mirror(picture: Picture) -> Picture:
    """Swaps left and right."""
    return np.ascontiguousarray(picture[:, ::-1])


def grey(picture: Picture) -> Picture:
    """Takes the colour away."""
    return np.asarray(Image.fromarray(picture).convert("L").convert("RGB"), dtype=np.uint8)


def unchanged(picture: Picture) -> Picture:
    """Leaves the picture as it is."""
    return picture


PLAN: tuple[Stretch | Gap, ...] = (
    Gap(4.6),
    Stretch("bikes.mp4", 0.5, 6.5, "cropped, caption", crop_and_caption),
    Gap(4.2),
    Stretch("bigbuckbunny.mp4", 0.2, 5.2, "mirrored", mirror, mirrored=True),
    Gap(5.4),
    Stretch("bikes.mp4", 2.0, 9.5, "1.5 times as fast", unchanged, speed=1.5),
    Gap(4.12),
    Stretch("carphone.mp4", 0.0, 4.0, "grey, compressed", grey, compressed_first=True),
    Gap(3.0),
)
"""What the demo puts together."""


def make_compilation(path: Path, plan: Sequence[Stretch | Gap], references: Path) -> list[Planted]:
    """Writes the compilation, 640x360 at 25 frames a second.

    Args:
        path: file to write.
        plan: what it consists of, in order.
        references: folder of the videos that the plan names.

    Returns:
        Where each stretch begins and ends.

    Raises:
        ValueError: a reference has no frames.
        OSError: a reference is missing or cannot be read, or the file cannot be written.
    """
    write_video(path, _pictures(plan, references), FRAMES_PER_SECOND)
    planted = []
    first = 0
    for part in plan:
        if isinstance(part, Stretch):
            end_seconds = (first + part.frames) / FRAMES_PER_SECOND
            planted.append(Planted(part, first / FRAMES_PER_SECOND, end_seconds))
        first += part.frames
    return planted


def _pictures(plan: Sequence[Stretch | Gap], references: Path) -> Iterator[Picture]:
    own = shapes(_OWN_SEED, sum(part.frames for part in plan if isinstance(part, Gap)))
    for part in plan:
        if isinstance(part, Gap):
            for _ in range(part.frames):
                yield next(own)
        else:
            taken = read_clip(references / part.reference, part.start_seconds, part.frames, part.speed)
            edited = (fit(part.change(picture)) for picture in taken)
            yield from _compressed(edited) if part.compressed_first else edited


def _compressed(pictures: Iterable[Picture]) -> Iterator[Picture]:
    """The pictures after a round through a file of low quality."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "low quality.mp4"
        count = write_video(file, pictures, FRAMES_PER_SECOND, options=_HARD_COMPRESSION)
        yield from read_clip(file, 0.0, count)
