"""Families, which a refiner is trained on without any labels: a picture and copies of it, edited as uploaders do.

Whatever is drawn at random for one picture depends on the seed, the epoch and the picture's number only, so neither the
order nor the number of processes matters, and a run that goes on after a break sees what it would have seen.
"""

import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from vdup.errors import VdupError
from vdup.regular_file import open_regular
from vdup.video.reader import DEFAULT_SHORT_SIDE_PIXELS
from vdup.video.scaling import scaled_size, squash

from ..edits.types import Surroundings
from ..edits.views import Picture, check_left_out, draw_views, make_view, needs_footage
from ..material.drawings import draw_picture

_RECIPE = 1
"""To be raised when the same settings come to give other pictures; caches of before are then refused."""

_TRIES_FOR_SURROUNDINGS = 3


class UnreadableError(VdupError):
    """A photograph or video cannot be used; the others go on."""

    def __init__(self, path: Path | str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")


@dataclass(frozen=True)
class Family:
    """One picture and edited copies of it."""

    images: NDArray[np.uint8]
    """RGB, uint8 [1 + V, S, S, 3], the original first."""
    edits: tuple[str, ...]
    """Edit or chain of edits of each row, such as ``crop+hue``; empty for the original."""
    scene: int
    """Families of one scene show other moments of the same video: hard negatives of one another."""


class FamilySource(Protocol):
    """Anything that families are made from; it travels to worker processes, so it must be picklable."""

    @property
    def digest(self) -> str:
        """Changes when the families do."""

    def __len__(self) -> int:
        """Number of parts: photographs or videos."""

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """Makes the families of one part, all of the same number of copies.

        Args:
            number: of the part, 0 or more.
            epoch: another epoch draws other edits.

        Raises:
            UnreadableError: the part cannot be used.
        """


class PhotographFamilies:
    """A family of each photograph.

    Args:
        paths: photographs; they are opened when their family is made.
        views: copies V in a family.
        side_pixels: width and height S of the images, as frames are scaled to.
        seed: of everything drawn at random.
        left_out: edits that are not made.

    Raises:
        ValueError: an argument is out of range or names an unknown edit.
    """

    def __init__(
        self, paths: Sequence[Path], views: int, side_pixels: int, seed: int, left_out: Collection[str] = ()
    ) -> None:
        check_drawing(views, side_pixels, seed, left_out)
        self._paths = tuple(paths)
        self._views = views
        self._side_pixels = side_pixels
        self._seed = seed
        self._left_out = tuple(sorted(left_out))

    @property
    def digest(self) -> str:
        """Of the settings and of the names and sizes of the files."""
        settings = {"views": self._views, "side": self._side_pixels, "seed": self._seed, "left_out": self._left_out}
        return digest_of("photographs", settings, self._paths)

    def __len__(self) -> int:
        return len(self._paths)

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`FamilySource.load`; the scene is the photograph's number."""
        rng = np.random.default_rng([self._seed, epoch, number])
        picture = read_photograph(self._paths[number], self._side_pixels)
        names = draw_views(self._views, self._left_out, rng)
        family = make_family(
            [picture] * (1 + self._views),
            names,
            self._side_pixels,
            scene=number,
            rng=rng,
            surround=lambda: self._surroundings(number, rng),
        )
        return [family]

    def _surroundings(self, number: int, rng: np.random.Generator) -> Surroundings:
        others = len(self._paths) - 1
        for _ in range(_TRIES_FOR_SURROUNDINGS if others else 0):
            other = int(rng.integers(others))
            try:
                picture = read_photograph(self._paths[other + (other >= number)], self._side_pixels)
            except UnreadableError:  # told of when its own turn comes
                continue
            return Surroundings(picture[None])
        return drawn_surroundings(self._side_pixels, rng)


class JoinedFamilies:
    """Several sources as one, part after part; scenes of different sources stay apart.

    Args:
        sources: sources whose scenes are numbers of their parts.
    """

    def __init__(self, sources: Sequence[FamilySource]) -> None:
        self._sources = tuple(sources)
        self._starts = np.cumsum([0, *(len(source) for source in sources)]).tolist()

    @property
    def digest(self) -> str:
        """Of all digests."""
        return hashlib.sha256("".join(source.digest for source in self._sources).encode()).hexdigest()

    def __len__(self) -> int:
        return int(self._starts[-1])

    def load(self, number: int, epoch: int = 0) -> list[Family]:
        """See :meth:`FamilySource.load`."""
        place = int(np.searchsorted(self._starts, number, side="right")) - 1
        start = int(self._starts[place])
        families = self._sources[place].load(number - start, epoch)
        return [Family(family.images, family.edits, family.scene + start) for family in families]


def make_family(
    pictures: Sequence[Picture],
    names: Sequence[str],
    side_pixels: int,
    *,
    scene: int,
    rng: np.random.Generator,
    surround: Callable[[], Surroundings],
) -> Family:
    """Edits pictures and squashes them.

    Args:
        pictures: the original, then what each of the V copies is made from; RGB, uint8 [H, W, 3].
        names: V edits or chains of edits.
        side_pixels: width and height S of the images.
        scene: see :class:`Family`.
        rng: source of all randomness of the edits.
        surround: finds other footage; called once for each copy that is shown together with some.
    """
    images = np.empty((len(pictures), side_pixels, side_pixels, 3), np.uint8)
    images[0] = squash(pictures[0], side_pixels)
    for place, (picture, name) in enumerate(zip(pictures[1:], names, strict=True), start=1):
        other = surround() if needs_footage(name) else None
        images[place] = squash(make_view(picture, name, rng, other), side_pixels)
    return Family(images, ("", *names), scene)


def drawn_surroundings(side_pixels: int, rng: np.random.Generator) -> Surroundings:
    """A drawn picture, where there is no other footage."""
    return Surroundings(draw_picture(side_pixels, rng)[None])


def decoded_short_side(side_pixels: int) -> int:
    """Short side in pixels to which frames are decoded before they are cropped, edited and squashed."""
    return max(DEFAULT_SHORT_SIDE_PIXELS, side_pixels * 5 // 4)


def read_photograph(path: Path, side_pixels: int) -> Picture:
    """Reads a photograph at the size at which a frame would be decoded.

    Args:
        path: the file.
        side_pixels: to what it will be squashed.

    Returns:
        RGB, uint8 [H, W, 3].

    Raises:
        UnreadableError: it cannot be read.
    """
    try:
        with open_regular(path) as file, Image.open(file) as image:
            size = scaled_size(image.width, image.height, decoded_short_side(side_pixels))
            image.draft("RGB", size)  # JPEG decodes to a half, a quarter or an eighth in a fraction of the time
            picture = image.convert("RGB")
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError) as error:
        raise UnreadableError(path, str(error)) from error
    if picture.size != size:
        picture = picture.resize(size, Image.Resampling.BILINEAR)
    return np.asarray(picture, dtype=np.uint8)


def check_drawing(views: int, side_pixels: int, seed: int, left_out: Collection[str]) -> None:
    """Checks the settings that all sources share.

    Raises:
        ValueError: an argument is out of range or names an unknown edit.
    """
    if views < 1 or side_pixels < 1 or seed < 0:
        raise ValueError(f"cannot use {views=}, {side_pixels=}, {seed=}: at least 1, 1 and 0 are needed")
    check_left_out(left_out)


def digest_of(kind: str, settings: dict[str, object], paths: Sequence[Path]) -> str:
    """Digest of a source's settings and of the names and sizes of its files; their place does not count."""
    files = [(path.name, path.stat().st_size if path.is_file() else -1) for path in paths]
    text = json.dumps([_RECIPE, kind, settings, files], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
