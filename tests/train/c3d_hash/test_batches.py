from collections import Counter

import numpy as np
import pytest
from numpy.typing import NDArray
from vdup.train.c3d_hash.batches import draw_batches, source_of, split_clips


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("v_Archery_g08_c03", "v_Archery_g08"),
        ("Blonde_being_brushed_brush_hair_f_nm_np2_ba_med_2", "Blonde_being_brushed_brush_hair_f_nm_np2_ba_med"),
        ("clip", "clip"),
        ("clip12", "clip12"),
    ],
)
def test_source_of_a_clip(name: str, source: str) -> None:
    assert source_of(name) == source


Labels = NDArray[np.int64]


def clips(classes: int, groups: int, each: int) -> tuple[Labels, list[str]]:
    labels = np.repeat(np.arange(classes), groups * each)
    sources = [f"{label}-{group}" for label in range(classes) for group in range(groups) for _ in range(each)]
    return labels, sources


@pytest.mark.parametrize("seed", range(3))
def test_no_source_is_on_both_sides(seed: int) -> None:
    labels, sources = clips(5, 6, 3)
    training, validation = split_clips(labels, sources, 0.2, seed)
    assert sorted([*training, *validation]) == list(range(len(labels)))
    assert {sources[place] for place in training}.isdisjoint(sources[place] for place in validation)
    # A fifth of 18 clips is 4, and sources come whole: two of three clips.
    assert Counter(labels[validation].tolist()) == dict.fromkeys(range(5), 6)


def test_sources_that_classes_share_go_together() -> None:
    labels = np.repeat(np.arange(3), 10)
    sources = [f"scene {number}" for _ in range(3) for number in range(10)]
    training, validation = split_clips(labels, sources, 0.2, 0)
    assert len(validation) == 6
    assert {sources[place] for place in training}.isdisjoint(sources[place] for place in validation)


def test_the_split_is_drawn_by_the_seed() -> None:
    labels, sources = clips(4, 10, 1)
    ours, again, other = (split_clips(labels, sources, 0.3, seed)[1].tolist() for seed in (1, 1, 2))
    assert ours == again != other


def test_too_few_clips_are_refused() -> None:
    labels, sources = clips(2, 2, 1)
    with pytest.raises(ValueError, match="fewer than two classes have two clips for training"):
        split_clips(labels, sources, 0.1, 0)


def alone(labels: Labels) -> list[str]:
    """Every clip a source of its own."""
    return [str(number) for number in range(len(labels))]


@pytest.mark.parametrize(("sizes", "classes", "each"), [((10, 10, 10), 2, 5), ((23, 7, 4, 1), 3, 4), ((40, 3), 2, 2)])
@pytest.mark.parametrize("seed", range(3))
def test_batches_hold_every_clip_and_two_classes(sizes: tuple[int, ...], classes: int, each: int, seed: int) -> None:
    labels = np.repeat(np.arange(len(sizes)), sizes)
    numbers = np.flatnonzero(np.arange(len(labels)) % 7 != 6)
    batches = draw_batches(numbers, labels, alone(labels), classes, each, seed, epoch=1)
    assert {number for batch in batches for number in batch.tolist()} == set(numbers.tolist())
    for batch in batches:
        counts = Counter(labels[batch].tolist())
        assert len(counts) >= 2
        assert len(set(batch.tolist())) == len(batch) or max(sizes) > each * classes


def test_batches_differ_between_epochs_only() -> None:
    labels = np.repeat(np.arange(4), 10)
    first, again, next_one = (
        [batch.tolist() for batch in draw_batches(np.arange(40), labels, alone(labels), 3, 4, 0, epoch)]
        for epoch in (1, 1, 2)
    )
    assert first == again != next_one


def test_one_class_makes_no_batch() -> None:
    with pytest.raises(ValueError, match="two classes"):
        draw_batches(np.arange(5), np.zeros(5, np.int64), ["a"] * 5, 2, 2, 0, 1)


@pytest.mark.parametrize("seed", range(3))
def test_a_batch_has_other_sources_within_a_class(seed: int) -> None:
    labels, sources = clips(3, 6, 4)
    for batch in draw_batches(np.arange(len(labels)), labels, sources, 3, 3, seed, epoch=1):
        assert len(batch) == 9
        assert len({sources[number] for number in batch}) == 9


@pytest.mark.parametrize("seed", range(3))
def test_classes_meet_with_the_sources_that_they_share(seed: int) -> None:
    labels = np.repeat(np.arange(5), 12)
    sources = [f"scene {number}" for _ in range(5) for number in range(12)]
    batches = draw_batches(np.arange(60), labels, sources, 5, 3, seed, epoch=1)
    assert len(batches) == 4
    for batch in batches:
        assert Counter(Counter(sources[number] for number in batch).values()) == {5: 3}
