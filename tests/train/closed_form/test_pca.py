from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
import torchvision
from PIL import Image
from vdup.train.closed_form.pca import fit_pca, train_pca
from vdup.train.material.image_files import list_images, load_image
from video_factory import numbered_picture, regular_times, write_pictures

from vdup.config import (
    EfficientNetLiteConfig,
    ModelConfig,
    NoWhiteningConfig,
    PCAWhiteningConfig,
    ResNetConfig,
    RMACConfig,
    SamplingConfig,
    Tuning,
)
from vdup.errors import ConfigError
from vdup.features.extractor import build_pooled_extractor
from vdup.features.regional import build_regional_extractor
from vdup.features.whitening import load_whitening
from vdup.types import FloatArray
from vdup.video.sampler import sample_video


def correlated(count: int = 400, channels: int = 6, seed: int = 0) -> FloatArray:
    random = np.random.default_rng(seed)
    mixing = random.standard_normal((channels, channels)) * np.linspace(1, 4, channels)
    return (random.standard_normal((count, channels)) @ mixing + random.random(channels) * 5).astype(np.float32)


def blocks(vectors: FloatArray, size: int = 37) -> list[FloatArray]:
    return [vectors[first : first + size] for first in range(0, len(vectors), size)]


def test_whitened_vectors_are_decorrelated_with_unit_variance() -> None:
    vectors = correlated()
    whitening = fit_pca(blocks(vectors), dimensions=4, shrinkage=0)
    white = whitening.apply(torch.from_numpy(vectors)).double().numpy()
    np.testing.assert_allclose(white.mean(axis=0), 0, atol=1e-4)
    np.testing.assert_allclose(white.T @ white / len(white), np.eye(4), atol=1e-3)


def test_against_a_singular_value_decomposition() -> None:
    vectors = correlated().astype(np.float64)
    _, singular, axes = np.linalg.svd(vectors - vectors.mean(axis=0), full_matrices=False)
    variances = singular**2 / len(vectors)
    floor = 0.05 * variances.mean()
    expected = axes[:5] / np.sqrt(variances[:5] + floor)[:, None]
    for row in expected:
        row *= np.sign(row[np.abs(row).argmax()])
    whitening = fit_pca(blocks(correlated()), dimensions=5, shrinkage=0.05)
    np.testing.assert_allclose(whitening.mean.numpy(), vectors.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(whitening.projection.numpy(), expected, rtol=1e-3, atol=1e-5)


def test_cut_into_blocks_does_not_show() -> None:
    one, many = fit_pca([correlated()], 3), fit_pca(blocks(correlated(), 1), 3)
    torch.testing.assert_close(one.projection, many.projection, rtol=1e-4, atol=1e-6)


def test_far_from_the_origin_precision_is_kept() -> None:
    near, far = correlated(), correlated().astype(np.float64) + 1e6
    a, b = fit_pca(blocks(near), 3), fit_pca([far], 3)
    torch.testing.assert_close(a.projection, b.projection, rtol=1e-3, atol=1e-4)


def test_zero_vectors_are_left_out() -> None:
    with_silence = np.concatenate([np.zeros((50, 6), dtype=np.float32), correlated()])
    assert fit_pca(blocks(with_silence), 3).digest == fit_pca([np.zeros((50, 6), np.float32), correlated()], 3).digest
    torch.testing.assert_close(fit_pca(blocks(with_silence), 3).mean, fit_pca([correlated()], 3).mean)


@pytest.mark.parametrize(
    ("vectors", "dimensions", "reason"),
    [
        ([], 2, "0 vectors"),
        ([np.zeros((9, 6), dtype=np.float32)], 2, "0 vectors"),
        ([correlated(4)], 4, "4 vectors of 6 channels cannot give 4"),
        ([correlated()], 7, "6 channels cannot give 7"),
        ([correlated()], 0, "dimensions=0"),
        ([correlated(), correlated(channels=5)], 2, "5 channels, earlier ones had 6"),
        ([correlated()[0]], 2, r"must be \[n, C\]"),
        ([np.full((9, 6), np.nan, dtype=np.float32)], 2, "not finite"),
    ],
)
def test_unusable_vectors_are_refused(vectors: list[FloatArray], dimensions: int, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        fit_pca(vectors, dimensions)


def test_flat_vectors_need_shrinkage() -> None:
    flat = correlated()
    flat[:, 3:] = 0
    with pytest.raises(ValueError, match="span fewer than 4"):
        fit_pca([flat], 4, shrinkage=0)
    assert bool(torch.isfinite(fit_pca([flat], 4).projection).all())


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    folder = tmp_path / "pictures"
    (folder / "sub").mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(5):
        coarse = random.integers(0, 256, (6, 9, 3), dtype=np.uint8)
        name = f"sub/{number}.PNG" if number % 2 else f"{number}.png"
        Image.fromarray(coarse).resize((90, 60)).save(folder / name, format="png")
    Image.fromarray(random.integers(0, 256, (40, 40), dtype=np.uint8)).save(folder / "grey.png")
    (folder / "broken.jpg").write_bytes(b"no image")
    (folder / "readme.txt").write_text("no image")
    return folder


def test_listing_is_sorted_and_limited_evenly(pictures: Path) -> None:
    names = [path.relative_to(pictures).as_posix() for path in list_images(pictures)]
    assert names == ["0.png", "2.png", "4.png", "broken.jpg", "grey.png", "sub/1.PNG", "sub/3.PNG"]
    assert [path.name for path in list_images(pictures, limit=3)] == ["0.png", "4.png", "grey.png"]
    assert len(list_images(pictures, limit=100)) == 7


def test_listing_needs_images(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no images"):
        list_images(tmp_path)
    with pytest.raises(ConfigError, match="limit=0"):
        list_images(tmp_path, limit=0)


def test_images_are_squeezed_to_a_square_of_rgb(pictures: Path) -> None:
    for name in ("0.png", "grey.png"):
        image = load_image(pictures / name, 32)
        assert (image.shape, image.dtype) == ((32, 32, 3), np.uint8)


def test_training_writes_a_file_that_the_model_uses(
    pictures: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    output = tmp_path / "weights" / "pca.safetensors"
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        torch.save(torchvision.models.resnet18().state_dict(), tmp_path / "resnet18.pth")
    model = ModelConfig(
        backbone=ResNetConfig(
            depth=18, layer=5, weights=tmp_path / "resnet18.pth", device="cpu", image_side_pixels=96, batch_size=4
        ),
        pooling=RMACConfig(),
        whitening=PCAWhiteningConfig(weights=output),
    )
    steps: list[tuple[int, int]] = []
    trained = train_pca(pictures, output, model, dimensions=8, progress=lambda done, of: steps.append((done, of)))
    assert trained.projection.shape == (8, 64)
    assert steps == [(4, 7), (7, 7)]
    assert "broken.jpg" in caplog.text

    extractor = build_pooled_extractor(model)
    features = extractor.extract(np.stack([load_image(pictures / f"{number}.png", 96) for number in (0, 2, 4)]))
    assert features.shape == (3, 8)
    np.testing.assert_allclose(np.linalg.norm(features, axis=1), 1, atol=1e-5)


def test_a_whitening_of_the_regions_of_visil(pictures: Path, tmp_path: Path) -> None:
    output = tmp_path / "pca.safetensors"
    model = ModelConfig(backbone=EfficientNetLiteConfig(device="cpu", image_side_pixels=64, tuning=Tuning.none))
    train_pca(pictures, output, model, dimensions=8, grid=True)
    _, facts = load_whitening(output)
    assert facts["pooling"] == "grid_map"
    extractor = build_regional_extractor(model, output)
    pictured = np.stack([load_image(pictures / f"{number}.png", 64) for number in (0, 2, 4)])
    assert extractor.extract(pictured).shape == (3, 9, 8)


@pytest.fixture
def videos(tmp_path: Path) -> Path:
    folder = tmp_path / "videos"
    (folder / "sub").mkdir(parents=True)
    for name, first in (("a", 0), ("sub/b", 300)):
        write_pictures(folder / f"{name}.mp4", [numbered_picture(first + n) for n in range(8)], regular_times(8, 2))
    (folder / "bad.mp4").write_bytes(b"no video")
    return folder


def test_frames_of_videos(pictures: Path, videos: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    output = tmp_path / "pca.safetensors"
    model = ModelConfig(
        backbone=EfficientNetLiteConfig(device="cpu", image_side_pixels=64),
        sampling=SamplingConfig(library_fps=1.0, workers=1),
    )
    steps: list[tuple[int, int]] = []
    alone = train_pca(None, output, model, 8, progress=lambda done, of: steps.append((done, of)), videos_dir=videos)
    assert steps == [(1, 3), (2, 3), (3, 3)]
    assert "bad.mp4" in caplog.text
    assert load_whitening(output)[1]["videos"] == 3
    extractor = build_pooled_extractor(replace(model, whitening=NoWhiteningConfig()))
    blocks = []
    for name in ("a", "sub/b"):
        with sample_video(
            videos / f"{name}.mp4", frames_per_second=1.0, side_pixels=64, crop_bars=True, panels=False, batch_size=32
        ) as sampler:
            blocks += [extractor.extract_regions(batch.images).reshape(-1, 1280) for batch in sampler]
    assert sum(map(len, blocks)) == 8 * 9  # four frames of each, nine regions of a map of 2 x 2
    torch.testing.assert_close(fit_pca(blocks, 8).projection, alone.projection, rtol=1e-3, atol=1e-4)
    both = train_pca(pictures, output, model, 8, videos_dir=videos)
    assert both.digest != alone.digest


def test_too_few_images(pictures: Path, tmp_path: Path) -> None:
    model = ModelConfig(backbone=EfficientNetLiteConfig(device="cpu", image_side_pixels=64))
    with pytest.raises(ConfigError, match="1 images"):
        train_pca(pictures, tmp_path / "pca.safetensors", model, dimensions=500, limit=1)
    assert not (tmp_path / "pca.safetensors").exists()
