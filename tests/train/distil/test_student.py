from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from vdup.train.distil.student import Student, scaled
from vdup.train.network.tuned import tuned_backbone

from vdup.config import EfficientNetLiteConfig, ModelConfig, NoWhiteningConfig, Precision, Tuning
from vdup.errors import ConfigError
from vdup.features.extractor import build_extractor
from vdup.features.fine_tuning import save_fine_tuning

SIDE = 64
MODEL = ModelConfig(
    backbone=EfficientNetLiteConfig(
        image_side_pixels=SIDE, device="cpu", precision=Precision.float32, tuning=Tuning.none
    ),
    whitening=NoWhiteningConfig(),
)

pytestmark = pytest.mark.usefixtures("one_thread")


def images(count: int) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    return np.random.default_rng(0).integers(0, 256, (count, SIDE, SIDE, 3), dtype=np.uint8)


def as_tensor(frames: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]) -> torch.Tensor:
    return torch.from_numpy(frames).permute(0, 3, 1, 2)


def test_folded_weights_give_the_features_of_the_student(tmp_path: Path) -> None:
    """After steps that moved weights and statistics, the backbone with the written file computes the same."""
    torch.manual_seed(0)
    student = Student(MODEL, frozen_stages=6, dimensions=4)
    frames = images(6)
    optimiser = torch.optim.SGD([*student.trained.parameters(), *student.head.parameters()], lr=0.05)
    student.train()
    for _ in range(3):
        optimiser.zero_grad()
        (-student(student.early(as_tensor(frames), SIDE))[:, 0].sum()).backward()
        optimiser.step()
    student.eval()
    with torch.no_grad():
        expected = student.features(student.early(as_tensor(frames), SIDE)).numpy()
    before = build_extractor(MODEL).extract(frames)
    assert np.abs(before - expected).max() > 1e-3
    path = tmp_path / "tuned.safetensors"
    save_fine_tuning(path, "efficientnet_lite0", student.folded_weights())
    tuned = replace(MODEL, backbone=tuned_backbone(MODEL.backbone, path))
    # The file is in half precision.
    np.testing.assert_allclose(build_extractor(tuned).extract(frames), expected, atol=3e-3)


def test_the_untrained_student_gives_the_published_features() -> None:
    student = Student(MODEL, frozen_stages=3, dimensions=4).eval()
    frames = images(3)
    with torch.no_grad():
        found = student.features(student.early(as_tensor(frames), SIDE)).numpy()
    np.testing.assert_allclose(found, build_extractor(MODEL).extract(frames), atol=1e-4)


def test_only_the_last_stages_change() -> None:
    student = Student(MODEL, frozen_stages=6, dimensions=4)
    frozen = {name: tensor.clone() for name, tensor in student.frozen.state_dict().items()}
    student.train()
    student(student.early(as_tensor(images(4)), SIDE)).sum().backward()
    assert all(parameter.grad is None for parameter in student.frozen.parameters())
    assert all(parameter.grad is not None for parameter in student.trained.parameters())
    assert all(torch.equal(tensor, frozen[name]) for name, tensor in student.frozen.state_dict().items())


def test_too_many_frozen_stages_are_refused() -> None:
    with pytest.raises(ConfigError, match=r"experiment\.frozen_stages=9 .* has 9 stages"):
        Student(MODEL, frozen_stages=9, dimensions=4)


def test_the_head_starts_at_the_least_squares_map() -> None:
    student = Student(MODEL, frozen_stages=6, dimensions=3)
    generator = torch.Generator().manual_seed(1)
    features = torch.randn(5000, student.head.in_features, generator=generator)
    true = torch.randn(3, student.head.in_features, generator=generator)
    student.start_head(features, features @ true.T + 2.0)
    with torch.no_grad():
        error = student.head(features) - (features @ true.T + 2.0)
    assert float(error.abs().mean()) < 0.15 * float((features @ true.T).abs().mean())


def test_scaled_pictures_are_means_of_their_pixels() -> None:
    frames = as_tensor(images(2))
    assert torch.equal(scaled(frames, SIDE), frames.float())
    flat = torch.full((1, 3, 64, 64), 77, dtype=torch.uint8)
    assert torch.equal(scaled(flat, 16), torch.full((1, 3, 16, 16), 77.0))
    small = scaled(frames, 16)
    assert torch.equal(small, small.round())
    assert float((small.mean() - frames.float().mean()).abs()) < 1.0
