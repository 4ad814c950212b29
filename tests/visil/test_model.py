import numpy as np
import pytest
import torch
import visil_oracle as oracle

from vdup.config import ViSiLVariant
from vdup.types import FrameFeatures
from vdup.visil import ViSiL, model
from vdup.visil.comparator import HALO_FRAMES, VideoComparator

LEARNED = (ViSiLVariant.v, ViSiLVariant.sym)


def video(seed: int, frames: int, regions: int = 3, dimensions: int = 5) -> FrameFeatures:
    vectors = np.random.default_rng(seed).normal(size=(frames, regions, dimensions))
    unit = vectors / np.linalg.norm(vectors, axis=2, keepdims=True)
    return FrameFeatures(unit.astype(np.float32), np.arange(frames, dtype=np.float64), float(frames))


def network(variant: ViSiLVariant, dimensions: int = 5) -> ViSiL:
    torch.manual_seed(3)
    found = ViSiL(variant, dimensions).eval()
    for name, parameter in found.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.1)
    return found


def expected(found: ViSiL, query: FrameFeatures, reference: FrameFeatures) -> tuple[float, oracle.Array]:
    """Similarity and what it is taken from, by loops."""
    weights = {name: tensor.double().numpy() for name, tensor in found.state_dict().items()}
    rows, columns = query.features.astype(np.float64), reference.features.astype(np.float64)
    symmetric = found.variant is ViSiLVariant.sym
    if found.attention is not None:
        context = weights["attention.context_vector.weight"][0]
        rows, columns = oracle.attend(rows, context), oracle.attend(columns, context)
    matrix = oracle.frame_matrix(rows, columns, symmetric)
    if found.video_comperator is not None:
        kernels = {name.removeprefix("video_comperator."): value for name, value in weights.items()}
        matrix = np.clip(oracle.compare(matrix, kernels), -1, 1)
    return oracle.chamfer(matrix, symmetric), matrix


@pytest.mark.parametrize("variant", list(ViSiLVariant))
def test_equals_plain_loops(variant: ViSiLVariant) -> None:
    found, query, reference = network(variant), video(0, 9), video(1, 14, regions=4)
    similarity, matrix = expected(found, query, reference)
    assert found.similarity(query, reference) == pytest.approx(similarity, abs=1e-5)
    np.testing.assert_allclose(found.compared(query, reference), matrix, atol=1e-5)
    with torch.no_grad():
        others = torch.from_numpy(np.stack([video(2, 14, regions=4).features, reference.features]))
        scores, before = found(torch.from_numpy(query.features), others)
    assert float(scores[1]) == pytest.approx(similarity, abs=1e-5)
    np.testing.assert_allclose(before[1].clamp(-1, 1), matrix, atol=1e-5)


def test_frames_are_compared_by_their_regions() -> None:
    query, reference = video(0, 5), video(1, 7, regions=4)
    one_way = oracle.frame_matrix(query.features.astype(np.float64), reference.features.astype(np.float64))
    np.testing.assert_allclose(network(ViSiLVariant.f).frame_similarity(query, reference), one_way, atol=1e-6)


@pytest.mark.parametrize("variant", list(ViSiLVariant))
@pytest.mark.parametrize("lengths", [(61, 90), (64, 33), (16, 17), (70, 8)])
def test_tiles_do_not_show(variant: ViSiLVariant, lengths: tuple[int, int], monkeypatch: pytest.MonkeyPatch) -> None:
    found, query, reference = network(variant), video(0, lengths[0]), video(1, lengths[1])
    whole, matrix = found.similarity(query, reference), found.compared(query, reference)
    monkeypatch.setattr(model, "_TILE_FRAMES", 16)
    monkeypatch.setattr(model, "_BLOCK_FRAMES", 7)
    assert found.similarity(query, reference) == pytest.approx(whole, abs=1e-6)
    np.testing.assert_allclose(found.compared(query, reference), matrix, atol=1e-6)


def test_the_halo_is_as_wide_as_a_cell_sees() -> None:
    torch.manual_seed(0)
    matrix = torch.rand(1, 48, 48, requires_grad=True)
    VideoComparator()(matrix)[0, 6, 6].backward()
    assert matrix.grad is not None
    seen = np.flatnonzero(matrix.grad[0].abs().sum(0).numpy())
    assert seen.min() >= 24 - HALO_FRAMES
    assert seen.max() < 28 + HALO_FRAMES


def test_few_frames_are_repeated() -> None:
    for variant in LEARNED:
        found, short, other = network(variant), video(0, 3), video(1, 10)
        twice = FrameFeatures(np.concatenate([short.features] * 2), np.arange(6.0), 6.0)
        assert found.similarity(short, other) == pytest.approx(found.similarity(twice, other), abs=1e-6)
        assert found.frame_similarity(short, other).shape == (3, 10)
        assert found.compared(short, other).shape == (1, 2)


@pytest.mark.parametrize("variant", list(ViSiLVariant))
def test_both_directions_count_alike_only_where_asked_for(variant: ViSiLVariant) -> None:
    found = network(variant)
    with torch.no_grad():  # kernels that see no difference between a matrix and its transpose
        for weight in found.parameters():
            if weight.ndim == 4:
                weight.copy_((weight + weight.transpose(2, 3)) / 2)
    query, reference = video(0, 12), video(1, 20)
    difference = abs(found.similarity(query, reference) - found.similarity(reference, query))
    assert (difference < 1e-6) is (variant is ViSiLVariant.sym) is found.goes_both_ways


def test_a_stretch_is_found_whole_in_its_video() -> None:
    whole = video(0, 30)
    part = FrameFeatures(whole.features[7:19], whole.times_seconds[7:19], 12.0)
    found = network(ViSiLVariant.f)
    assert found.similarity(part, whole) == pytest.approx(1, abs=1e-6)
    assert found.similarity(whole, part) < 0.9


def test_one_vector_a_frame_is_one_region() -> None:
    query, reference = video(0, 6, regions=1), video(1, 8, regions=1)
    flat = FrameFeatures(query.features[:, 0], query.times_seconds, query.duration_seconds)
    found = network(ViSiLVariant.v)
    assert found.similarity(flat, reference) == pytest.approx(found.similarity(query, reference), abs=1e-6)


def test_gradients_reach_every_weight() -> None:
    for variant in LEARNED:
        found = network(variant)
        scores, _ = found(torch.from_numpy(video(0, 8).features), torch.from_numpy(video(1, 12).features[None]))
        scores.sum().backward()
        assert all(parameter.grad is not None for parameter in found.parameters())


def test_the_context_vector_has_unit_length() -> None:
    attention = network(ViSiLVariant.v).attention
    assert attention is not None
    with torch.no_grad():
        attention.context_vector.weight.mul_(3)
    attention.constrain()
    assert float(attention.context_vector.weight.detach().norm()) == pytest.approx(1, abs=1e-6)


def test_what_cannot_be_compared_is_refused() -> None:
    nothing = FrameFeatures(np.zeros((0, 3, 5), np.float32), np.zeros(0), 0.0)
    with pytest.raises(ValueError, match="without frames"):
        network(ViSiLVariant.f).similarity(nothing, video(0, 5))
    with pytest.raises(ValueError, match="have 5 numbers, the weights are for 6"):
        network(ViSiLVariant.v, dimensions=6).similarity(video(0, 5), video(1, 5))
    with pytest.raises(ValueError, match="have 5 and 6 numbers"):
        network(ViSiLVariant.f).similarity(video(0, 5), video(1, 5, dimensions=6))
    with pytest.raises(ValueError, match="dimensions=0"):
        ViSiL(ViSiLVariant.v, 0)
