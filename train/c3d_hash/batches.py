"""Which clips train and which validate, and the batches of an epoch."""

import re
from collections import Counter

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

_LEAST_VALIDATION_CLIPS = 2
"""Of a class: each is searched for among the others."""


def source_of(name: str) -> str:
    """What a clip was cut from: its name without the last number.

    ``v_Archery_g08_c03`` of UCF101 and ``..._archery_u_nm_np1_ba_med_2`` of HMDB51 count the clips of one recording
    there, and clips of one recording look so much alike that they must not be on both sides of a split.
    """
    return re.sub(r"_c?\d+$", "", name)


def split_clips(labels: Numbers, sources: list[str], share: float, seed: int) -> tuple[Numbers, Numbers]:
    """Splits clips into training and validation, class by class; a source is never in both.

    Args:
        labels: class of each clip, int64 [N].
        sources: of each clip, see :func:`source_of`; two classes may share some.
        share: of the clips of each class that go to validation; at least two, so that one can be searched for.
        seed: decides which.

    Returns:
        Numbers of the clips, increasing.

    Raises:
        ValueError: fewer than two classes are left with two clips on a side.
    """
    rng = np.random.default_rng([seed, 0])
    names = np.array(sources)
    held_out = np.zeros(len(labels), dtype=np.bool_)
    for label in np.unique(labels).tolist():
        own = labels == label
        wanted = max(_LEAST_VALIDATION_CLIPS, round(share * int(own.sum())))
        for source in rng.permutation(np.unique(names[own])).tolist():
            if int((own & held_out).sum()) >= wanted:
                break
            held_out |= names == source
    training, validation = np.flatnonzero(~held_out), np.flatnonzero(held_out)
    for side, numbers in (("training", training), ("validation", validation)):
        _, counts = np.unique(labels[numbers], return_counts=True)
        if int((counts >= _LEAST_VALIDATION_CLIPS).sum()) < 2:
            raise ValueError(f"fewer than two classes have two clips for {side}")
    return training, validation


def draw_batches(
    numbers: Numbers, labels: Numbers, sources: list[str], classes: int, clips: int, seed: int, epoch: int
) -> list[Numbers]:
    """Cuts an epoch into batches of some classes with some clips each.

    The clips of every class are put in an order, cut into groups, and every batch takes groups of different classes,
    first of those with most groups left. A last group that is short takes clips of its class once more.

    The order is that of the sources, shuffled anew for each epoch and alike in all classes, a clip of each in turn:
    clips of one class in a batch come from different sources, so that what they share is the action, and where classes
    share sources, their clips of one source meet and differ by the action alone.

    Args:
        numbers: clips to use.
        labels: class of every clip, not only of those.
        sources: of every clip, see :func:`source_of`.
        classes: groups in a batch.
        clips: clips in a group; fewer where a class has fewer.
        seed: of the run.
        epoch: every epoch has batches of its own.

    Returns:
        Numbers of the clips of each batch; every clip is in one at least.

    Raises:
        ValueError: there are fewer than two classes.
    """
    rng = np.random.default_rng([seed, 1, epoch])
    _, source_numbers = np.unique(sources, return_inverse=True)
    places = rng.permutation(int(source_numbers.max(initial=0)) + 1)[source_numbers]
    waiting: list[list[Numbers]] = []
    for label in np.unique(labels[numbers]).tolist():
        own = _in_turn(rng.permutation(numbers[labels[numbers] == label]), places)
        groups = [own[first : first + clips] for first in range(0, len(own), clips)]
        lacking = clips - len(groups[-1])
        if len(groups) > 1 and lacking:
            groups[-1] = np.concatenate([groups[-1], own[:lacking]])
        waiting.append(groups)
    if len(waiting) < 2:
        raise ValueError("a triplet needs two classes")
    batches: list[list[Numbers]] = []
    while len(waiting) > 1:
        # The classes with most groups left first; ties by chance.
        order = sorted(range(len(waiting)), key=lambda place: (-len(waiting[place]), rng.random()))
        batches.append([waiting[place].pop() for place in order[:classes]])
        waiting = [groups for groups in waiting if groups]
    # What a large class has left is dealt out: a batch of one class has no triplet.
    for place, group in enumerate(waiting[0] if waiting else []):
        batches[place % len(batches)].append(group)
    return [np.concatenate(batches[place]) for place in rng.permutation(len(batches))]


def _in_turn(numbers: Numbers, places: Numbers) -> Numbers:
    """A clip of each source by the places of the sources, then a second clip of each, and so on."""
    taken: Counter[int] = Counter()
    turns = np.empty(len(numbers), dtype=np.int64)
    for row, place in enumerate(places[numbers].tolist()):
        turns[row] = taken[place]
        taken[place] += 1
    return numbers[np.lexsort((places[numbers], turns))]
