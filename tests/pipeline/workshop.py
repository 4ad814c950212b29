"""A library without network, decoder or engine: films are scripts, codes come from thumbnails, the store is a dict.

A film is a JSON file that lists stretches of footage: ``[[7, 30, 10], [null, 0, 5]]`` shows footage 7 from 30 s on for
10 s, then 5 s of nothing. What a panel of it shows stands in a file beside it, nothing meaning no panel.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast

import numpy as np
from align.moving_codes import make_calibration
from numpy.typing import NDArray

from vdup.align.calibration import Calibration, save_calibration
from vdup.config import LibraryConfig, MatcherConfig, ModelConfig
from vdup.errors import VideoDecodeError, VideoOpenError
from vdup.pipeline.encoder import Encoder, Setting
from vdup.pipeline.library import Library
from vdup.store.base import Descriptors, unit_vectors
from vdup.types import CodeArray, DescriptorHit, FloatArray, FrameBatch, Intervals, VideoInfo

Stretch = tuple[int | None, float, float]
"""Footage (None: blank), its first second, and how many seconds."""

PANEL = ".panel"
"""Ends the name of the file that says what a panel shows."""

SIDE = 8
_BATCH = 16
_Sample = tuple[float, NDArray[np.uint8], bool]


def picture(footage: int | None, seconds: float) -> NDArray[np.uint8]:
    """RGB picture of some footage, [8, 8, 3]: another one every second, faded into one another."""
    if footage is None:
        return np.zeros((SIDE, SIDE, 3), dtype=np.uint8)
    whole, fraction = divmod(seconds, 1.0)
    first, second = (
        np.random.default_rng([footage, int(whole) + ahead]).integers(0, 256, (SIDE, SIDE, 3)) for ahead in (0, 1)
    )
    mixed: NDArray[np.uint8] = (first * (1 - fraction) + second * fraction).astype(np.uint8)
    return mixed


class ScriptedVideo:
    """Plays a film as a decoded video; one with ``damaged`` in its name is damaged from 1 to 2 s."""

    def __init__(self, path: Path, frames_per_second: float, panels: bool = False) -> None:
        self.path = path
        self._step = 1 / frames_per_second
        self._panels = panels
        self.info = VideoInfo(64, 48, None, "script", 0)
        self.duration_seconds = 0.0
        self.damaged_seconds: Intervals = ((1.0, 2.0),) if "damaged" in path.name else ()

    def __iter__(self) -> Iterator[FrameBatch]:
        try:
            parts = json.loads(self.path.read_text())
        except ValueError as error:
            raise VideoOpenError(self.path, "not a script") from error
        self.duration_seconds = float(sum(seconds for _, _, seconds in parts))
        yield from _batches(self._shown(parts), 0)
        beside = self.path.with_suffix(PANEL)
        if self._panels and beside.exists():
            yield from _batches([sample for sample in self._shown(json.loads(beside.read_text())) if sample[2]], 1)

    def _shown(self, parts: Sequence[Stretch]) -> list[_Sample]:
        shown: list[_Sample] = []
        begin = 0.0
        for footage, start, seconds in parts:
            times = np.arange(np.ceil(begin / self._step), np.ceil((begin + seconds) / self._step)) * self._step
            shown += [(time, picture(footage, start + time - begin), footage is not None) for time in times.tolist()]
            begin += seconds
        return shown


def _batches(shown: list[_Sample], view: int) -> Iterator[FrameBatch]:
    for first in range(0, len(shown), _BATCH):
        times_part, pictures, searchable = zip(*shown[first : first + _BATCH], strict=True)
        yield FrameBatch(np.stack(pictures), np.array(times_part), np.array(searchable), view)


class BreaksOff(ScriptedVideo):
    """Cannot be decoded to its end."""

    def __iter__(self) -> Iterator[FrameBatch]:
        yield next(super().__iter__())
        raise VideoDecodeError(self.path, "broke off")


class ThumbnailEncoder:
    """Signs of a random projection of the picture; deterministic, and near for pictures that are near."""

    codes_digest = "thumbnails"

    def __init__(self) -> None:
        self._projection = np.random.default_rng(5).standard_normal((SIDE * SIDE * 3, 1024))
        self.frames = 0
        self.maxima = ThumbnailMaxima()

    def settings(self, model: ModelConfig) -> dict[str, Setting]:
        return {"encoder": self.codes_digest, "sampling.library_fps": model.sampling.library_fps}

    def layer_maxima(self, layers: Sequence[str]) -> "ThumbnailMaxima":
        self.maxima = ThumbnailMaxima()
        return self.maxima

    def encode(self, images: NDArray[np.uint8], mirrored: bool = False) -> CodeArray:
        self.frames += len(images)
        self.maxima.saw(images)
        turned = images[:, :, ::-1] if mirrored else images
        return np.packbits((turned.reshape(len(images), -1) - 127.5) @ self._projection >= 0, axis=1)


class ThumbnailMaxima:
    """Two "layers" of a picture: its pixels, and their squares."""

    layers = ("pixels", "squares")
    widths = (SIDE * SIDE * 3, SIDE * SIDE * 3)

    def __init__(self) -> None:
        self._found: list[FloatArray] | None = None

    def fingerprint(self, image_side_pixels: int) -> dict[str, object]:
        return {"backbone": "thumbnails", "image_side_pixels": image_side_pixels}

    @contextmanager
    def reading(self) -> Iterator[list[FloatArray]]:
        self._found = []
        yield self._found
        self._found = None

    def saw(self, images: NDArray[np.uint8]) -> None:
        if self._found is not None:
            pixels = images.reshape(len(images), -1).astype(np.float32) / 255
            self._found.append(np.concatenate([pixels, pixels**2], axis=1))

    def joined(self, found: list[FloatArray]) -> FloatArray:
        rows = np.concatenate(found)
        found.clear()
        return rows


class DictStore:
    """A store of descriptors in a dict that outlives it; counts its writes."""

    dimensions = 256

    def __init__(self, contents: dict[int, Descriptors]) -> None:
        self.contents = contents
        self.writes: list[list[int]] = []

    def upsert(self, items: Sequence[Descriptors]) -> None:
        self.writes.append([item.video_number for item in items])
        for item in items:
            self.contents.pop(item.video_number, None)
            if len(item):
                self.contents[item.video_number] = item

    def search(self, vectors: FloatArray, limit: int) -> list[list[DescriptorHit]]:
        answers = []
        for vector in unit_vectors(vectors) if len(vectors) else vectors:
            hits = [
                DescriptorHit(number, float(start), float(end), float(similarity))
                for number, item in self.contents.items()
                for start, end, similarity in zip(
                    item.starts_seconds, item.ends_seconds, unit_vectors(item.vectors) @ vector, strict=True
                )
            ]
            answers.append(sorted(hits, key=lambda hit: (-hit.similarity, hit.video_number, hit.start_seconds))[:limit])
        return answers

    def remove(self, video_numbers: Sequence[int]) -> None:
        for number in video_numbers:
            self.contents.pop(number, None)

    def video_numbers(self) -> set[int]:
        return set(self.contents)

    def count(self) -> int:
        return sum(map(len, self.contents.values()))

    def iterate(self) -> Iterator[Descriptors]:
        return (item for _, item in sorted(self.contents.items()))

    def flush(self) -> None:
        pass

    def close(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        pass


@dataclass
class Workshop:
    """Folder of a library and of films, and what was done with them."""

    folder: Path
    encoder: ThumbnailEncoder = field(default_factory=ThumbnailEncoder)
    stored: dict[int, Descriptors] = field(default_factory=dict)
    """Contents of the store."""
    decoded: list[str] = field(default_factory=list)
    """Names of the films that were decoded."""
    breaking_off: set[str] = field(default_factory=set)
    """Names of the films that cannot be decoded to their end."""

    @property
    def library(self) -> Path:
        return self.folder / "library"

    def config(self, **settings: Any) -> LibraryConfig:
        return LibraryConfig(library=self.library, **settings)

    def open(self, **settings: Any) -> Library:
        return Library.open(self.config(**settings), create=True)

    def store(self) -> DictStore:
        return DictStore(self.stored)

    def film(self, name: str, *parts: Stretch) -> tuple[str, Path]:
        """Writes a film; its id and path."""
        path = self.folder / name
        path.write_text(json.dumps(parts))
        return name, path

    def with_panel(self, film: tuple[str, Path], *parts: Stretch) -> Path:
        """Adds a panel to a film; its path."""
        film[1].with_suffix(PANEL).write_text(json.dumps(parts))
        return film[1]

    def films(self, count: int, seconds: float = 6.0, first: int = 0) -> list[tuple[str, Path]]:
        """Films of different footage, ``film 0`` showing footage 0 and so on."""
        return [self.film(f"film {number}", (number, 0, seconds)) for number in range(first, first + count)]

    def pool(self, *, frames_per_second: float, panels: bool = False, **settings: object) -> "ScriptedPool":
        """What takes the place of the pool of decoding processes."""
        return ScriptedPool(self, frames_per_second, panels)

    def calibration(self) -> Calibration:
        """A calibration that fits the encoder."""
        return make_calibration(self.encoder.codes_digest)

    def matcher(self, **settings: Any) -> MatcherConfig:
        """Settings of a search with that calibration."""
        path = self.folder / "calibration.safetensors"
        save_calibration(path, self.calibration())
        return MatcherConfig(calibration=path, **settings)

    def take_decoded(self) -> list[str]:
        """Names of the films decoded since the last call."""
        taken, self.decoded[:] = list(self.decoded), []
        return taken


class ScriptedPool:
    """Plays films in place of decoding processes; takes paths a little ahead, as these do."""

    def __init__(self, workshop: Workshop, frames_per_second: float, panels: bool) -> None:
        self._workshop = workshop
        self._frames_per_second = frames_per_second
        self._panels = panels

    def videos(self, paths: Iterable[Path]) -> Iterator[ScriptedVideo]:
        ahead: list[Path] = []
        for path in paths:
            ahead.append(path)
            if len(ahead) > 2:
                yield self._play(ahead.pop(0))
        for path in ahead:
            yield self._play(path)

    def close(self) -> None:
        pass

    def _play(self, path: Path) -> ScriptedVideo:
        self._workshop.decoded.append(path.name)
        kind = BreaksOff if path.name in self._workshop.breaking_off else ScriptedVideo
        return kind(path, self._frames_per_second, self._panels)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        pass


class ThumbnailExtractor:
    """Unit vectors by a random projection of the picture; counts what it was given."""

    def __init__(self, dimensions: int = 24, regions: int = 0) -> None:
        self._shape = (regions, dimensions) if regions else (dimensions,)
        values = int(np.prod(self._shape))
        self._projection = np.random.default_rng(9).standard_normal((SIDE * SIDE * 3, values))
        self.fingerprint: dict[str, Setting] = {"backbone": "thumbnails", "dimensions": dimensions}
        self.frames = 0

    def extract(self, images: NDArray[np.uint8]) -> FloatArray:
        self.frames += len(images)
        found = (images.reshape(len(images), -1) - 127.5) @ self._projection
        found = found.reshape(len(images), *self._shape)
        unit: FloatArray = (found / np.linalg.norm(found, axis=-1, keepdims=True)).astype(np.float32)
        return unit


def as_encoder(encoder: ThumbnailEncoder) -> Encoder:
    """The same object under the type that a library asks for."""
    return cast("Encoder", encoder)
