"""Frame codes to measure look-up with: real ones, stretched to any number, or made up."""

from collections.abc import Iterator

import numpy as np

from vdup.types import CODE_BITS, CodeArray, FloatArray

_LATENT_SIDE = 512
_TOPICS = 3000
_VIDEO_FRAMES = 120
_SLATES = 20
_SLATE_SHARE = 0.017
_ROWS_AT_ONCE = 16_384


def flipped(codes: CodeArray, rate: float, rng: np.random.Generator) -> CodeArray:
    """Each bit turned over with the given probability."""
    mask: CodeArray = np.packbits(rng.random((len(codes), CODE_BITS), dtype=np.float32) < rate, axis=1)
    return codes ^ mask


def stretched(codes: CodeArray, rows: int, rate: float, rng: np.random.Generator) -> Iterator[CodeArray]:
    """Real codes, then changed copies of them until there are enough.

    A run of a minute of rows shares its flipped bits (``rate`` of all), as frames of one video do; 2 % more differ in
    every row.
    """
    yield codes[:rows]
    made = min(len(codes), rows)
    while made < rows:
        part = codes[: rows - made]
        for first in range(0, len(part), 60):
            run = part[first : first + 60]
            shared = flipped(np.zeros((1, CODE_BITS // 8), dtype=np.uint8), rate, rng)
            yield flipped(run ^ shared, 0.02, rng)
        made += len(part)


def made_up(rows: int, rng: np.random.Generator) -> Iterator[CodeArray]:
    """Codes of frames that drift, cut, share topics and repeat slates.

    A frame's latent vector is a common mean, one of 3,000 topics (Zipf), its video, its shot (6 s on average) and a
    random walk; the code is the sign of 1,024 random projections over their medians. 1.7 % are one of 20 slates (Zipf).
    """
    projection = rng.standard_normal((_LATENT_SIDE, CODE_BITS), dtype=np.float32)
    mean = rng.standard_normal(_LATENT_SIDE, dtype=np.float32) * 0.4
    topics = rng.standard_normal((_TOPICS, _LATENT_SIDE), dtype=np.float32)
    popularity = 1 / np.arange(1, _TOPICS + 1)
    popularity /= popularity.sum()
    thresholds = np.median(_latents(4096, mean, topics, popularity, rng) @ projection, axis=0)
    slates = np.packbits(rng.standard_normal((_SLATES, _LATENT_SIDE), dtype=np.float32) @ projection > thresholds, 1)
    slate_popularity = 1 / np.arange(1, _SLATES + 1)
    slate_popularity /= slate_popularity.sum()
    for first in range(0, rows, _ROWS_AT_ONCE):
        count = min(_ROWS_AT_ONCE, rows - first)
        latents = _latents(count, mean, topics, popularity, rng)
        codes = np.packbits(latents @ projection > thresholds, axis=1)
        slate = rng.random(count) < _SLATE_SHARE
        codes[slate] = slates[rng.choice(_SLATES, size=int(slate.sum()), p=slate_popularity)]
        yield codes


def _latents(
    rows: int, mean: FloatArray, topics: FloatArray, popularity: np.ndarray, rng: np.random.Generator
) -> FloatArray:
    video = np.arange(rows) // _VIDEO_FRAMES
    shot = np.cumsum(rng.random(rows) < 1 / 6)
    topic_of_video = rng.choice(len(topics), size=int(video[-1]) + 1, p=popularity)
    latents = mean + topics[topic_of_video[video]] * np.float32(0.6)
    latents += rng.standard_normal((int(video[-1]) + 1, _LATENT_SIDE), dtype=np.float32)[video] * np.float32(0.6)
    latents += rng.standard_normal((int(shot[-1]) + 1, _LATENT_SIDE), dtype=np.float32)[shot] * np.float32(0.7)
    steps = rng.standard_normal((rows, _LATENT_SIDE), dtype=np.float32) * np.float32(0.05)
    walk = np.cumsum(steps, axis=0, dtype=np.float32)
    starts = np.maximum.accumulate(np.where(np.diff(shot, prepend=-1) != 0, np.arange(rows), 0))
    return latents + walk - walk[starts]
