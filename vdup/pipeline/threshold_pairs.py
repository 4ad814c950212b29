"""Similarities of pairs of videos whose truth is known, for finding a threshold."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from vdup.catalogue.records import VideoRecord, VideoState
from vdup.errors import ConfigError, LibraryError, VideoError
from vdup.pipeline.generated_copies import Images, edited_copy, mildest_copy
from vdup.pipeline.labelled_pairs import LabelledPair
from vdup.pipeline.open_library import OpenLibrary
from vdup.pipeline.video_searcher import vector_of_video, whole_videos_of
from vdup.types import FloatArray
from vdup.video.rate import LEAST_FRAMES
from vdup.video.workers import DecodedVideo, DecoderPool

logger = logging.getLogger(__name__)

_MOST_FRAMES = 40
"""Of a video that copies are made of, spread over its length."""
_MOST_FILLER = 0.4
"""Largest share of other footage in a copy, as in a compilation."""

Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class PairSimilarities:
    """Cosines of pairs whose truth is known."""

    duplicates: FloatArray
    """float32 [P]."""
    others: FloatArray
    """Of pairs that are no duplicates, float32 [N]."""


def generated_pairs(
    library: OpenLibrary, most_videos: int, copies: int, seed: int, progress: Progress | None = None
) -> PairSimilarities:
    """Copies of videos of the library against all its videos.

    A video that is nearer to an original than the original's mildest copy is taken for a duplicate that the library
    holds already, and its pairs do not count.

    Args:
        library: its files must still be where they were.
        most_videos: videos that are copied, drawn at random.
        copies: copies of each.
        seed: of everything drawn at random.
        progress: told of every video.

    Raises:
        LibraryError: fewer than two videos have a vector, none of their files can be read, or all resemble one another
            as copies do.
        WeightsError: the weights of the aggregation cannot be used.
    """
    whole = whole_videos_of(library)
    numbers, vectors = whole.all_vectors()
    if len(numbers) < 2:
        raise LibraryError(
            f"{library.folder.path}: {len(numbers)} videos have a vector, and a threshold needs two or more; index "
            "videos, with aggregation.fill_in=true where they were indexed before"
        )
    rng = np.random.default_rng(seed)
    chosen = np.sort(rng.choice(len(numbers), min(most_videos, len(numbers)), replace=False))
    records = [_record(library, int(numbers[place])) for place in chosen]
    right: list[NDArray[np.float32]] = []
    wrong: list[NDArray[np.float32]] = []
    with _pool(library) as pool:
        decoded = pool.videos(record.path for record in records)
        for done, (place, video) in enumerate(zip(chosen.tolist(), decoded, strict=True), start=1):
            try:
                images = _spread_frames(video)
            except VideoError as error:
                logger.warning("no copies of %s: %s", error.path, error.reason)
                images = None
            if images is not None and len(images):
                made, shown_too = _copy_vectors(library, images, copies, int(numbers[place]), numbers, rng)
                similarities = made @ vectors.T
                strangers = vectors @ vectors[place] < float(similarities[0, place])
                strangers[place] = False
                right.append(similarities[:, place])
                # A copy rightly resembles what it shows besides.
                wrong.append(similarities[strangers & (numbers != shown_too[:, None])])
            if progress is not None:
                progress(done, len(records))
    if not right:
        raise LibraryError(f"{library.folder.path}: no copies could be made of its videos; their files may have moved")
    if not sum(map(len, wrong)):
        raise LibraryError(
            f"{library.folder.path}: all its videos resemble one another as copies do, and a threshold needs some that "
            "are no copies; index different videos, or give pairs=FILE.csv"
        )
    return PairSimilarities(np.concatenate(right), np.concatenate(wrong))


def labelled_similarities(
    library: OpenLibrary, pairs: Sequence[LabelledPair], progress: Progress | None = None
) -> PairSimilarities:
    """Similarities of labelled pairs; a name is the id of a video of the library or the path of a file.

    Raises:
        ConfigError: a name is neither, or only one kind of pair is left.
        WeightsError: the weights of the aggregation cannot be used.
    """
    whole = whole_videos_of(library)
    names = sorted({name for pair in pairs for name in (pair.first, pair.second)})
    records = {record.id: record.number for record in library.videos(VideoState.indexed)}
    missing = set(whole.missing())
    known = [name for name in names if name in records and records[name] not in missing]
    files = [name for name in names if name not in set(known)]
    for name in files:
        if not Path(name).is_file():
            where = next(pair.where for pair in pairs if name in (pair.first, pair.second))
            raise ConfigError(f"{where}: {name} is neither a video of {library.folder.path} with a vector nor a file")
    vectors = dict(zip(known, whole.vectors_of([records[name] for name in known]), strict=True))
    with _pool(library) as pool:
        decoded = pool.videos(Path(name) for name in files)
        for done, (name, video) in enumerate(zip(files, decoded, strict=True), start=1):
            try:
                vectors[name] = vector_of_video(library, video)
            except VideoError as error:
                logger.warning("left out: %s", error)
            if progress is not None:
                progress(done, len(files))
    found: dict[bool, list[float]] = {True: [], False: []}
    for pair in pairs:
        if pair.first in vectors and pair.second in vectors:
            found[pair.is_duplicate].append(float(vectors[pair.first] @ vectors[pair.second]))
    if not found[True] or not found[False]:
        raise ConfigError(
            f"of duplicates {len(found[True])} and of others {len(found[False])} pairs could be used: both are needed"
        )
    return PairSimilarities(*(np.array(found[label], dtype=np.float32) for label in (True, False)))


def _copy_vectors(
    library: OpenLibrary,
    images: Images,
    copies: int,
    number: int,
    numbers: NDArray[np.int64],
    rng: np.random.Generator,
) -> tuple[FloatArray, NDArray[np.int64]]:
    """Vectors of copies, float32 [C, D], the mildest first; what each shows besides (0: nothing), int64 [C]."""
    whole = whole_videos_of(library)
    averages: list[FloatArray] = []
    shown_too = np.zeros(copies, dtype=np.int64)
    for copy in range(copies):
        frames = edited_copy(images, rng) if copy else mildest_copy(images, rng)
        with whole.reader.reading() as average:
            library.encoder.encode(frames)
            average.take(np.ones(len(frames), dtype=np.bool_))
        kept = average.vectors[whole.kind]
        other = int(rng.choice(numbers[numbers != number]))
        filler = library.folder.catalogue.extras.vector(other, whole.kind)
        if copy and filler is not None:
            # Averages mix as the frames would.
            share = float(rng.uniform(0, _MOST_FILLER))
            kept = ((1 - share) * kept + share * filler).astype(np.float32)
            shown_too[copy] = other
        averages.append(kept)
    return whole.reader.aggregator.vectors(np.stack(averages)), shown_too


def _spread_frames(video: DecodedVideo) -> Images | None:
    """Up to so many frames that show something, spread over the video; none when there are none."""
    kept: list[Images] = []
    step, seen = 1, 0
    for batch in video:
        for image, is_shown in zip(batch.images, batch.searchable, strict=True):
            if is_shown:
                if seen % step == 0:
                    kept.append(image)
                seen += 1
                if len(kept) > _MOST_FRAMES:
                    kept, step = kept[::2], 2 * step
    return np.stack(kept) if kept else None


def _record(library: OpenLibrary, number: int) -> VideoRecord:
    record = library.folder.catalogue.by_number(number)
    if record is None:
        raise LibraryError(f"{library.folder.path}: video {number} has gone")
    return record


def _pool(library: OpenLibrary) -> DecoderPool:
    sampling = library.config.sampling
    return DecoderPool(
        workers=sampling.workers,
        frames_per_second=sampling.library_fps,
        side_pixels=library.config.backbone.image_side_pixels,
        crop_bars=sampling.crop_bars,
        timeout_base_seconds=sampling.timeout_base_seconds,
        timeout_per_second=sampling.timeout_per_second,
        least_frames=LEAST_FRAMES,
    )
