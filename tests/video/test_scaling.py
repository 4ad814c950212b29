from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from vdup.train.material.video_windows import WindowReader
from video_factory import regular_times, write_numbered, write_pictures

from vdup.errors import PictureTooSmallError, VideoError
from vdup.video.blank import is_blank
from vdup.video.reader import open_video
from vdup.video.sampler import sample_video
from vdup.video.scaling import LEAST_LONG_SIDE_PIXELS, check_size, scaled_size, shrink, squash
from vdup.video.workers import DecodedVideo, DecoderPool


@pytest.mark.parametrize(
    ("size", "short", "expected"),
    [
        ((1920, 1080), 320, (568, 320)),
        ((1080, 1920), 320, (320, 568)),
        ((640, 360), 320, (568, 320)),
        ((320, 240), 320, (320, 240)),
        ((51, 33), 320, (51, 33)),
        ((1000, 1000), 255, (254, 254)),
        ((4000, 3), 2, (2666, 2)),
        ((1, 1), 2, (1, 1)),
    ],
)
def test_short_side_is_limited_and_aspect_kept(size: tuple[int, int], short: int, expected: tuple[int, int]) -> None:
    assert scaled_size(*size, short) == expected


def test_scaled_sides_are_even_and_near_the_aspect() -> None:
    for width in range(330, 900, 7):
        for height in range(330, 700, 11):
            new_width, new_height = scaled_size(width, height, 320)
            assert (new_width % 2, new_height % 2, min(new_width, new_height)) == (0, 0, 320)
            assert abs(new_width * height - new_height * width) <= max(width, height)


def test_impossible_sizes() -> None:
    with pytest.raises(ValueError, match="at least one pixel, got 0x5"):
        scaled_size(0, 5, 320)
    with pytest.raises(ValueError, match="short_side_pixels must be 2 or more, got 1"):
        scaled_size(5, 5, 1)


def test_squashing_averages_all_pixels() -> None:
    stripes = np.zeros((64, 96, 3), np.uint8)
    stripes[:, ::2] = 200
    squashed = squash(stripes, 16)
    assert squashed.shape == (16, 16, 3)
    assert squashed.dtype == np.uint8
    assert np.abs(squashed.astype(int) - 100).max() <= 12


class TestCheckSize:
    @pytest.mark.parametrize(("width", "height"), [(1, 1), (2, 2), (7, 1), (1, 7), (7, 7)])
    def test_too_small(self, width: int, height: int) -> None:
        with pytest.raises(PictureTooSmallError, match=rf"x.mp4: its picture of {width}x{height} pixels is too small"):
            check_size(Path("x.mp4"), width, height)

    @pytest.mark.parametrize(("width", "height"), [(8, 1), (1, 8), (2, 96), (640, 360)])
    def test_large_enough(self, width: int, height: int) -> None:
        check_size(Path("x.mp4"), width, height)

    def test_nothing_is_refused_that_could_be_looked_up(self) -> None:
        rng = np.random.default_rng(0)
        for height in range(1, LEAST_LONG_SIDE_PIXELS):
            for width in range(1, LEAST_LONG_SIDE_PIXELS):
                assert is_blank(rng.integers(0, 256, (height, width, 3), dtype=np.uint8))
        halves = np.zeros((LEAST_LONG_SIDE_PIXELS, 1, 3), np.uint8)
        halves[LEAST_LONG_SIDE_PIXELS // 2 :] = 255
        assert not is_blank(halves)


class TestSmallPictures:
    @pytest.fixture
    def one_pixel(self, tmp_path: Path) -> Path:
        path = tmp_path / "one pixel.webm"
        pictures = [np.full((1, 1, 3), 60 * number, np.uint8) for number in range(5)]
        write_pictures(path, pictures, regular_times(5, 25), codec="libvpx-vp9", options={"deadline": "realtime"})
        return path

    def test_too_small_to_tell(self, one_pixel: Path, tmp_path: Path) -> None:
        (tmp_path / "images").mkdir()
        Image.new("RGB", (2, 3)).save(tmp_path / "images" / "1.png")
        for path, size in ((one_pixel, "1x1"), (tmp_path / "images", "2x3")):
            with pytest.raises(PictureTooSmallError, match=f"its picture of {size} pixels is too small to tell"):
                open_video(path)
        with pytest.raises(PictureTooSmallError):
            WindowReader(one_pixel, 320)

    def test_reason_comes_from_the_decoding_process(
        self, one_pixel: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
    ) -> None:
        with DecoderPool(
            workers=1, frames_per_second=1.0, side_pixels=32, crop_bars=True,
            timeout_base_seconds=60.0, timeout_per_second=1.0,
        ) as pool:  # fmt: skip
            [error] = [self.error_of(video) for video in pool.videos([one_pixel])]
        assert isinstance(error, PictureTooSmallError)
        assert (error.path, error.reason.count("too small to tell")) == (str(one_pixel), 1)
        assert (caplog.text, capfd.readouterr().err) == ("", "")

    @staticmethod
    def error_of(video: DecodedVideo) -> VideoError | None:
        try:
            list(video)
        except VideoError as error:
            return error
        return None

    @pytest.mark.parametrize(("width", "height"), [(2, 40), (8, 8), (96, 72)])
    def test_narrow_pictures_are_sampled(self, tmp_path: Path, width: int, height: int) -> None:
        path = tmp_path / "x.mp4"
        write_numbered(path, regular_times(30, 25), width=width, height=height, options={"preset": "ultrafast"})
        with sample_video(path, frames_per_second=10.0, side_pixels=32, crop_bars=True, panels=True) as sampler:
            shapes = {batch.images.shape[1:] for batch in sampler}
        assert shapes == {(32, 32, 3)}


def test_a_picture_is_shrunk_to_the_means_of_its_cells() -> None:
    rng = np.random.default_rng(2)
    picture = rng.integers(0, 256, (96, 64, 3), dtype=np.uint8)
    grey = picture @ np.array([0.299, 0.587, 0.114])
    small = shrink(picture)
    assert small.shape == (32, 32)
    for row in range(0, 32, 7):
        for column in range(0, 32, 5):
            expected = grey[3 * row : 3 * row + 3, 2 * column : 2 * column + 2].mean()
            assert abs(float(small[row, column]) - expected) <= 1.1
