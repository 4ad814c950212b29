from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from vdup.errors import VideoDecodeError, VideoOpenError
from vdup.video.image_folder import ImageFolderReader
from vdup.video.reader import open_video
from vdup.video.sampler import sample_video


def write_images(folder: Path, numbers: range | list[int], size: tuple[int, int] = (64, 48)) -> None:
    """PNG, so that image n is exactly of the grey level 10 n."""
    folder.mkdir(exist_ok=True)
    for number in numbers:
        Image.new("RGB", size, (10 * number,) * 3).save(folder / f"{number:05d}.png")


def shown(folder: Path, frames_per_second: float, start_seconds: float = 0.0) -> list[tuple[float, int]]:
    with open_video(folder) as reader:
        frames = list(reader.frames_at(frames_per_second, start_seconds))
    assert all(np.ptp(picture) == 0 for _, picture in frames)
    return [(time_seconds, int(picture[0, 0, 0])) for time_seconds, picture in frames]


def test_each_image_lasts_a_second(tmp_path: Path) -> None:
    write_images(tmp_path, range(5))
    every = [(float(second), 10 * second) for second in range(5)]
    assert shown(tmp_path, 1) == shown(tmp_path, 15) == every
    assert shown(tmp_path, 0.5) == every[::2]
    assert shown(tmp_path, 2, start_seconds=3) == every[3:]
    with open_video(tmp_path) as reader:
        assert reader.duration_seconds == reader.info.duration_seconds == 5.0
        assert (reader.info.width, reader.info.height) == (64, 48)


def test_times_start_at_the_first_number_and_gaps_stay(tmp_path: Path) -> None:
    write_images(tmp_path, [3, 4, 7])
    assert shown(tmp_path, 1) == [(0.0, 30), (1.0, 40), (4.0, 70)]


def test_images_of_other_sizes_are_scaled_to_the_first(tmp_path: Path) -> None:
    write_images(tmp_path, [0], size=(640, 480))
    write_images(tmp_path, [1], size=(100, 200))
    with ImageFolderReader(tmp_path, short_side_pixels=48) as reader:
        assert [picture.shape for _, picture in reader.frames_at(1)] == [(48, 64, 3)] * 2


def test_files_that_are_no_numbered_images_are_passed_over(tmp_path: Path) -> None:
    write_images(tmp_path, [0, 1])
    (tmp_path / "thumbnail.png").write_bytes((tmp_path / "00000.png").read_bytes())
    (tmp_path / "00002.txt").write_text("notes")
    assert len(shown(tmp_path, 1)) == 2


def test_damaged_images_are_left_out(tmp_path: Path) -> None:
    write_images(tmp_path, range(4))
    (tmp_path / "00000.png").write_bytes(b"")
    (tmp_path / "00002.png").write_bytes((tmp_path / "00002.png").read_bytes()[:60])
    assert shown(tmp_path, 1) == [(1.0, 10), (3.0, 30)]


def test_a_folder_without_a_usable_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VideoOpenError, match="is a folder, not a video file, and has no numbered images"):
        open_video(tmp_path)
    (tmp_path / "00000.jpg").write_bytes(b"noise")
    with pytest.raises(VideoDecodeError, match="none of its 1 images can be decoded"):
        open_video(tmp_path)
    with pytest.raises(VideoOpenError, match="this folder cannot be read"):
        ImageFolderReader(tmp_path / "absent")


def test_the_sampler_takes_a_folder(tmp_path: Path) -> None:
    random = np.random.default_rng(0)
    for number in range(3):
        pixels = random.integers(0, 256, (48, 64, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{number:05d}.jpg")
    with sample_video(tmp_path, frames_per_second=1, side_pixels=32, crop_bars=False) as sampler:
        batches = list(sampler)
    np.testing.assert_array_equal(np.concatenate([batch.times_seconds for batch in batches]), [0, 1, 2])
    assert batches[0].images.shape[1:] == (32, 32, 3)
