"""Makes copy-detection problems with exact ground truth, for calibrating and tuning.

A problem is a folder: ``refs/R0000.mp4`` ..., ``queries/Q0000.mp4`` ..., ``gt.csv`` with one row for each copied
stretch (the form of the Video Similarity Challenge 2022) and ``edits.csv``, which names the edits of each copy and the
reference whose footage it shows.
"""

import logging
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import numpy as np
from PIL import Image

from vdup.errors import VideoOpenError

from ..edits.footage_file import even, length_seconds, picture_size, read_frames, video_frames, write_frames
from ..edits.table import EDIT_NAMES, EDITS, EditChain, draw_combination, parse_edits
from ..edits.types import Frames, Surroundings, change_each, size_of
from .clips import PhotoClip
from .lectures import Template, draw_template, show_lecture
from .photographs import PhotographStock
from .problem_files import TAKE, CopiedStretch, EditedQuery, write_tables
from .stills import slate, still

logger = logging.getLogger(__name__)

RATES = (Fraction(25), Fraction(30000, 1001), Fraction(24))
"""Frame rates of the generated videos."""

_SHAPES = (16 / 9, 16 / 9, 16 / 9, 4 / 3, 9 / 16, 1.0)
_SHORT_SIDES_PIXELS = (270, 270, 288, 320, 360, 480)
# A view of a small photograph holds no more detail than this; the encoder enlarges what is made at this size.
_WORK_PIXELS = 240
_REFERENCE_SECONDS = (3.0, 55.0)
_COPY_SECONDS = (3.0, 15.0)
_FOOTAGE_SECONDS = (2.0, 6.0)
_SURROUNDINGS_SECONDS = 6.0
_PIECE_FRAMES = 50
_SLATE_EVERY = 10
_LECTURE_EVERY = 5
"""Of the references that are not real videos, every so many is a lecture: slides on a template."""
_OTHER_LECTURE_EVERY = 10
"""Of the queries without copies, every so many is another lecture on the template of one of those."""
_TAKE_EVERY = 2
"""Of the queries without copies, every so many shows another moment of a reference, while there are real videos."""
_TAKE_SECONDS = (4.0, 15.0)
_SHARE_KEPT = 0.6
"""Of a real video that is long enough, this share becomes a reference; the rest is what other moments are cut from."""
_NO_EDIT = "none"


@dataclass(frozen=True)
class _Reference:
    id: str
    path: Path
    rate: Fraction
    size: tuple[int, int]
    frames: int
    content_start_seconds: float
    """End of the slate and the black leader that several references share."""
    images: tuple[Path, ...]
    template: Template | None = None
    """Of a lecture."""

    @property
    def content_seconds(self) -> float:
        return self.frames / float(self.rate) - self.content_start_seconds


def _size(shape: float, short_side: float) -> tuple[int, int]:
    """Even width and height of a picture with ``shape`` = width / height."""
    return even(short_side * max(1.0, shape)), even(short_side * max(1.0, 1 / shape))


def _draw_size(rng: np.random.Generator) -> tuple[tuple[int, int], tuple[int, int]]:
    """Size to work in, and size to encode in."""
    shape, short_side = float(rng.choice(_SHAPES)), int(rng.choice(_SHORT_SIDES_PIXELS))
    return _size(shape, min(short_side, _WORK_PIXELS)), _size(shape, short_side)


def _pieces(clip: PhotoClip) -> Iterator[Frames]:
    for start in range(0, clip.frames, _PIECE_FRAMES):
        yield clip.render(start, min(start + _PIECE_FRAMES, clip.frames))


def fit(frames: Frames, size: tuple[int, int]) -> Frames:
    """The clip in another size (width, height): scaled when the shape is nearly the same, else with black bars."""
    width, height = size_of(frames)
    if (width, height) == size:
        return frames
    inner = size
    if abs(math.log(width / height * size[1] / size[0])) > 0.05:
        scale = min(size[0] / width, size[1] / height)
        inner = (max(1, round(width * scale)), max(1, round(height * scale)))

    def place(picture: Image.Image, _: int) -> Image.Image:
        canvas = Image.new("RGB", size)
        scaled = picture.resize(inner, Image.Resampling.BILINEAR)
        canvas.paste(scaled, ((size[0] - inner[0]) // 2, (size[1] - inner[1]) // 2))
        return canvas

    return change_each(frames, place)


@dataclass(frozen=True)
class _Rest:
    """The end of a real video, which no reference holds."""

    path: Path
    start_seconds: float
    seconds: float
    reference_id: str
    """The reference that was made from its beginning."""


class _ProblemMaker:
    def __init__(self, root: Path, images: Sequence[Path], seed: int) -> None:
        self._root = root
        self._rng = np.random.default_rng(seed)
        self._stock = PhotographStock(images, self._rng)
        self._references: list[_Reference] = []
        self._turn: list[_Reference] = []
        self._rests: list[_Rest] = []
        self._drawn = 0

    # --- references

    def make_reference(self, video: Path | None) -> None:
        rng, number = self._rng, len(self._references)
        path = self._root / "refs" / f"R{number:04d}.mp4"
        rate = RATES[rng.integers(len(RATES))]
        work_size, size = _draw_size(rng)
        opening: list[Frames] = []
        images: tuple[Path, ...] = ()
        template: Template | None = None
        self._drawn += video is None
        if video is None and self._drawn % _LECTURE_EVERY == 0:
            seconds = float(np.exp(rng.uniform(*np.log(_REFERENCE_SECONDS))))
            template = draw_template(rng)
            footage = show_lecture(template, rng, seconds, rate, work_size)
        elif video is None:
            if number % _SLATE_EVERY == 0:
                opening.append(still(slate(work_size), round(rng.uniform(2, 3) * rate)))
                opening.append(still(Image.new("RGB", work_size), round(rng.uniform(0.5, 1.5) * rate)))
            seconds = float(np.exp(rng.uniform(*np.log(_REFERENCE_SECONDS))))
            clip = PhotoClip(self._stock.unused, rng, seconds, rate, work_size)
            images = tuple(self._stock.hand_out(clip.images_used))
            footage = _pieces(clip)
        else:
            width, height = picture_size(video)
            size = _size(width / height, min(size))
            footage = (frame[None] for frame in video_frames(video, rate, size, self._kept_seconds(video, path.stem)))
        frames = write_frames(path, (*opening, *footage), size, rate, crf=int(rng.integers(20, 27)))
        start_seconds = sum(len(still) for still in opening) / float(rate)
        self._references.append(_Reference(path.stem, path, rate, size, frames, start_seconds, images, template))
        logger.info("%s: %.1f s", path.name, frames / rate)

    def _kept_seconds(self, video: Path, reference_id: str) -> float:
        """How much of a real video becomes a reference: all of it unless the rest is long enough to be a query."""
        seconds = length_seconds(video)
        kept = min(_REFERENCE_SECONDS[1], _SHARE_KEPT * seconds)
        if seconds - kept < _TAKE_SECONDS[0]:
            return _REFERENCE_SECONDS[1]
        self._rests.append(_Rest(video, kept, seconds - kept, reference_id))
        return kept

    # --- footage that is copied from nowhere

    def _unrelated(self, seconds: float, rate: Fraction, size: tuple[int, int]) -> PhotoClip:
        unused = self._stock.unused
        order = self._rng.permutation(len(unused))[: 2 * math.ceil(seconds) + 2]
        return PhotoClip([unused[place] for place in order], self._rng, seconds, rate, size)

    def _filler(self, chance: float, rate: Fraction, size: tuple[int, int]) -> list[Frames]:
        """Unrelated footage, with the given chance; now and then it starts black."""
        rng = self._rng
        if rng.random() >= chance:
            return []
        clip = self._unrelated(float(rng.uniform(*_FOOTAGE_SECONDS)), rate, size)
        black = [still(Image.new("RGB", size), round(rng.uniform(0.5, 1.5) * rate))] if rng.random() < 0.1 else []
        return [*black, clip.render(0, clip.frames)]

    def _edited(self, frames: Frames, chain: EditChain, rate: Fraction) -> Frames:
        surroundings = None
        if chain.needs_footage:
            seconds = min(_SURROUNDINGS_SECONDS, len(frames) / float(rate))
            clip = self._unrelated(seconds, rate, size_of(frames))
            surroundings = Surroundings(clip.render(0, clip.frames))
        return chain.apply(frames, self._rng, surroundings)

    # --- queries

    def _pick_reference(self, least_seconds: float) -> _Reference:
        """References take turns; one that is too short for the copy waits."""
        if not self._turn:
            self._turn = [self._references[place] for place in self._rng.permutation(len(self._references))]
        for reference in self._turn:
            if reference.content_seconds >= least_seconds:
                self._turn.remove(reference)
                return reference
        return max(self._references, key=lambda reference: reference.content_seconds)

    def _copy(
        self, chain: EditChain, rate: Fraction, again: _Reference | None
    ) -> tuple[Frames, _Reference, float, float]:
        """Edited frames of a copy, what it is copied from, and where that starts and ends in seconds."""
        rng = self._rng
        mapping = chain.draw_time(rng)
        least, most = _COPY_SECONDS
        reference = again or self._pick_reference(least * mapping.speed)
        available = reference.content_seconds / mapping.speed
        seconds = available if available <= most and rng.random() < 0.3 else rng.uniform(least, most)
        count = max(1, math.floor(min(seconds, available) * rate))
        span = count / float(rate) * mapping.speed
        room = max(0.0, reference.content_seconds - span)
        # Starts are drawn in whole hundredths, as gt.csv writes them.
        start = reference.content_start_seconds + float(rng.uniform(0, room))
        start = max(math.ceil(100 * reference.content_start_seconds), math.floor(100 * start)) / 100
        numbers = mapping.source_frames(count, rate, reference.rate, start)
        numbers = np.minimum(numbers, reference.frames - 1)
        width, height = reference.size
        size = _size(width / height, min(_WORK_PIXELS, width, height))
        first, last = int(numbers[0]), int(numbers[-1])
        source = np.stack(list(read_frames(reference.path, size, first, last + 1)))
        return self._edited(source[numbers - first], chain, rate), reference, start, start + span

    def make_query(self, number: int, edit: str, copies: int) -> list[CopiedStretch]:
        rng = self._rng
        chain = parse_edits(edit)
        rate = RATES[rng.integers(len(RATES))]
        query_id = f"Q{number:04d}"
        frames, reference, start, end = self._copy(chain, rate, None)
        canvas = (even(frames.shape[2]), even(frames.shape[1]))
        pieces = self._filler(0.7, rate, canvas)
        truth: list[CopiedStretch] = []
        for turn in range(copies):
            if turn:
                pieces += self._filler(0.8, rate, canvas)
                again = reference if rng.random() < 0.3 else None
                frames, reference, start, end = self._copy(chain, rate, again)
            shown = sum(len(piece) for piece in pieces)
            stretch = (shown / rate, (shown + len(frames)) / rate, start, end)
            truth.append(CopiedStretch(query_id, reference.id, *(round(float(value), 2) for value in stretch)))
            pieces.append(fit(frames, canvas))
        pieces += self._filler(0.7, rate, canvas)
        size = _size(canvas[0] / canvas[1], int(rng.choice(_SHORT_SIDES_PIXELS)))
        self._write_query(query_id, pieces, size, rate)
        return truth

    def make_query_without_copies(self, number: int) -> EditedQuery:
        """Makes a query that copies nothing and returns what stands in ``edits.csv`` for it.

        Half of them look like a reference: another moment of a real video that a reference was cut from, or photographs
        with the same layout of colours, in the same size.
        """
        rng = self._rng
        rate = RATES[rng.integers(len(RATES))]
        lectures = [reference for reference in self._references if reference.template is not None]
        if lectures and number % _OTHER_LECTURE_EVERY == 0:
            return self._make_other_lecture(number, rate, lectures[rng.integers(len(lectures))])
        if self._rests and number % _TAKE_EVERY:
            return self._make_take(number, rate)
        work_size, size = _draw_size(rng)
        seconds = float(rng.uniform(5, 20))
        photographed = [reference for reference in self._references if reference.images]
        if photographed and number % 2:
            model = photographed[rng.integers(len(photographed))]
            look_alikes = self._stock.look_alikes(model.images)
            others = [path for path in self._stock.unused if path not in look_alikes]
            spare = [others[place] for place in rng.permutation(len(others))[: 2 * math.ceil(seconds)]]
            clip = PhotoClip([*look_alikes, *spare], rng, seconds, rate, work_size)
        else:
            clip = self._unrelated(seconds, rate, work_size)
        pieces: list[Frames] = list(_pieces(clip))
        if rng.random() < 0.5:
            # Uploads that copy nothing are edited as well.
            frames = self._edited(np.concatenate(pieces), parse_edits(str(rng.choice(list(EDITS)))), rate)
            pieces = [fit(frames, (even(frames.shape[2]), even(frames.shape[1])))]
            width, height = size_of(frames)
            size = _size(width / height, min(size))
        query_id = f"Q{number:04d}"
        self._write_query(query_id, pieces, size, rate)
        return EditedQuery(query_id, _NO_EDIT, "")

    def _make_other_lecture(self, number: int, rate: Fraction, reference: _Reference) -> EditedQuery:
        """Other pages on the template of a reference, edited as a copy would be."""
        rng = self._rng
        if reference.template is None:
            raise ValueError(f"{reference.id} is no lecture")
        seconds = float(rng.uniform(*_COPY_SECONDS))
        width, height = reference.size
        size = _size(width / height, min(_WORK_PIXELS, width, height))
        shown = np.concatenate(list(show_lecture(reference.template, rng, seconds, rate, size)))
        return self._write_edited(number, rate, shown, _draw_picture_edit(rng), reference.id)

    def _make_take(self, number: int, rate: Fraction) -> EditedQuery:
        rng = self._rng
        rest = self._rests[rng.integers(len(self._rests))]
        seconds = min(float(rng.uniform(*_TAKE_SECONDS)), rest.seconds)
        start = rest.start_seconds + float(rng.uniform(0, rest.seconds - seconds))
        width, height = picture_size(rest.path)
        size = _size(width / height, min(_WORK_PIXELS, width, height))
        shown = list(video_frames(rest.path, rate, size, seconds, start))
        if not shown:
            raise VideoOpenError(rest.path, f"shows nothing at {start:.1f} s, though its length says so; leave it out")
        return self._write_edited(number, rate, np.stack(shown), _draw_picture_edit(rng), rest.reference_id)

    def _write_edited(self, number: int, rate: Fraction, shown: Frames, edit: str, like: str) -> EditedQuery:
        """Writes footage that a reference does not hold, though it is like it, behind unrelated one or not."""
        frames = self._edited(shown, parse_edits(edit), rate)
        canvas = (even(frames.shape[2]), even(frames.shape[1]))
        query_id = f"Q{number:04d}"
        self._write_query(query_id, [*self._filler(0.5, rate, canvas), fit(frames, canvas)], canvas, rate)
        return EditedQuery(query_id, f"{TAKE}:{edit}", like)

    def _write_query(self, query_id: str, pieces: list[Frames], size: tuple[int, int], rate: Fraction) -> None:
        path = self._root / "queries" / f"{query_id}.mp4"
        frames = write_frames(path, pieces, size, rate, crf=int(self._rng.integers(23, 33)))
        logger.info("%s: %.1f s", path.name, frames / rate)

    def draw_edits(self, count: int) -> list[str]:
        """Edits of ``count`` queries: a fifth combined, the rest spread evenly over the single ones; shuffled."""
        rng = self._rng
        singles = count - round(count / 5)
        names = [str(name) for _ in range(1 + singles // len(EDIT_NAMES)) for name in rng.permutation(EDIT_NAMES)]
        names = names[:singles] + [draw_combination(rng) for _ in range(count - singles)]
        return [names[place] for place in rng.permutation(count)]

    def draw_copy_counts(self, count: int) -> list[int]:
        """Copies in each of ``count`` queries: two in a quarter of them, else one; shuffled."""
        doubles = round(count / 4)
        return [int(copies) for copies in self._rng.permutation([2] * doubles + [1] * (count - doubles))]


def _draw_picture_edit(rng: np.random.Generator) -> str:
    """One edit of the picture, or a combination of several."""
    combined = [name for name in draw_combination(rng).split("+") if name in EDITS] if rng.random() < 0.5 else []
    return "+".join(combined) or str(rng.choice(list(EDITS)))


def make_problem(
    root: Path,
    images: Sequence[Path],
    seed: int,
    references: int,
    queries: int,
    without_copies: int,
    videos: Sequence[Path] = (),
) -> list[CopiedStretch]:
    """Writes a copy-detection problem with known answers into ``root``.

    References last 3-55 s. A query is unrelated footage, an edited stretch of 3-15 s, unrelated footage; a quarter of
    the queries hold a second stretch with the same edits. Photographs of references appear in no unrelated footage.
    One reference in ten opens with a slate and black that are the same in all of them; copies are never taken from
    these. Queries without copies have the edit ``none`` in ``edits.csv``, although half of them were edited too, or
    ``take:EDIT`` where they show another moment of a video that a reference was made from, or other pages on the
    template of a lecture; that reference is named beside it.

    Args:
        root: Folder to make; must not exist or be empty.
        images: Photographs that Pillow reads; about 12 a reference and at least 50 more.
        seed: Equal seeds and inputs give equal problems (bits of the encoder apart).
        references: Number of reference videos.
        queries: Number of query videos.
        without_copies: How many of the queries hold no copy; they come last.
        videos: Real videos; the first references are made from them: from the first 60 % where the rest is long
            enough for other moments, and from 55 seconds at most.

    Returns:
        The rows of ``gt.csv``.

    Raises:
        ValueError: Numbers that do not fit one another, too few photographs, or a folder that is in use.
        VideoError: One of ``videos`` cannot be read.
    """
    if references < 1 or not 0 <= without_copies <= queries or len(videos) > references:
        raise ValueError(
            f"references={references}, queries={queries}, without_copies={without_copies}, {len(videos)} videos: "
            "expected 1 reference or more, 0 <= without_copies <= queries, and no more videos than references"
        )
    if root.exists() and any(root.iterdir()):
        raise ValueError(f"{root} is not empty: name a new folder")
    for folder in ("refs", "queries"):
        (root / folder).mkdir(parents=True)
    maker = _ProblemMaker(root, images, seed)
    for number in range(references):
        maker.make_reference(videos[number] if number < len(videos) else None)
    with_copies = queries - without_copies
    edits = maker.draw_edits(with_copies)
    truth: list[CopiedStretch] = []
    for number, (edit, copies) in enumerate(zip(edits, maker.draw_copy_counts(with_copies), strict=True)):
        truth += maker.make_query(number, edit, copies)
    others = [maker.make_query_without_copies(number) for number in range(with_copies, queries)]
    edited = [EditedQuery(row.query_id, edits[int(row.query_id[1:])], row.ref_id) for row in truth]
    write_tables(root, truth, [*edited, *others])
    return truth
