from collections import Counter

import numpy as np
import pytest
from vdup.train.edits.table import EDITS
from vdup.train.edits.types import Surroundings
from vdup.train.edits.views import EDIT_KINDS, RESAVED, check_left_out, draw_views, make_view, needs_footage, resave

KIND_OF = {name: place for place, kind in enumerate(EDIT_KINDS) for name in kind}


def picture(width: int = 90, height: int = 60) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    y, x = np.mgrid[0:height, 0:width]
    return np.stack([x * 2 % 256, y * 31 % 256, (x + y) * 7 % 256], axis=-1).astype(np.uint8)


def drawn(families: int, views: int, left_out: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    return [draw_views(views, left_out, np.random.default_rng(seed)) for seed in range(families)]


def test_every_edit_is_of_one_kind() -> None:
    assert sorted(name for kind in EDIT_KINDS for name in kind) == sorted(EDITS)


def test_views_get_one_to_three_edits_of_different_kinds() -> None:
    counts: Counter[int] = Counter()
    for names in drawn(200, 8):
        assert len(names) == 8
        for name in names:
            if name != RESAVED:
                kinds = [KIND_OF[edit] for edit in name.split("+")]
                assert kinds == sorted(set(kinds))
                counts[len(kinds)] += 1
    assert set(counts) == {1, 2, 3}
    assert counts[1] > counts[2] > counts[3]


def test_a_tenth_of_the_views_is_only_saved_again() -> None:
    names = [name for family in drawn(300, 8) for name in family]
    assert 0.1 <= names.count(RESAVED) / len(names) <= 0.15


def test_a_family_covers_different_kinds_and_names() -> None:
    for names in drawn(50, 12):
        edited = [name for name in names if name != RESAVED]
        used = [edit for name in edited for edit in name.split("+")]
        assert len({KIND_OF[edit] for edit in used}) == min(len(EDIT_KINDS), len(edited))
        for kind in range(len(EDIT_KINDS)):
            count = Counter(edit for edit in used if KIND_OF[edit] == kind)
            # A name comes again only after all others of its kind.
            least = min(count.get(name, 0) for name in EDIT_KINDS[kind])
            assert max(count.values(), default=0) <= least + 1


def test_all_edits_are_drawn_but_those_left_out() -> None:
    left_out = ("flip", "rotate90", "crop", "zoom", "rotate", "aspect")
    assert {edit for names in drawn(100, 8) for name in names for edit in name.split("+")} == {*EDITS, RESAVED}
    used = {edit for names in drawn(100, 8, left_out) for name in names for edit in name.split("+")}
    assert used == {*EDITS, RESAVED} - set(left_out)


def test_one_edit_left() -> None:
    left_out = tuple(name for name in EDITS if name != "gray")
    assert {name for names in drawn(20, 3, left_out) for name in names} == {"gray", RESAVED}


@pytest.mark.parametrize(("left_out", "text"), [(("flop",), "unknown edits flop"), (tuple(EDITS), "all edits")])
def test_wrong_names_to_leave_out(left_out: tuple[str, ...], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        check_left_out(left_out)


@pytest.mark.parametrize("name", [*EDITS, "rotate90+gray+caption", "hue+pip+border", RESAVED])
def test_a_view_is_another_picture(name: str) -> None:
    original = picture()
    before = original.copy()
    other = Surroundings(picture(40, 80)[None, ::-1])
    view = make_view(original, name, np.random.default_rng(3), other if needs_footage(name) else None)
    np.testing.assert_array_equal(original, before)
    assert view.dtype == np.uint8
    assert view.ndim == 3
    assert view.shape[2] == 3
    assert view.shape != original.shape or not np.array_equal(view, original)


def test_which_edits_need_footage() -> None:
    assert {name for name in EDITS if needs_footage(name)} == {"pip", "pip_host", "split", "overlay"}
    assert needs_footage("gray+pip")
    assert not needs_footage(RESAVED)
    with pytest.raises(ValueError, match="surroundings"):
        make_view(picture(), "gray+pip", np.random.default_rng(0), None)


def test_saving_again_changes_little() -> None:
    y, x = np.mgrid[0:120, 0:180] / 40
    original = (128 + 60 * np.stack([np.sin(x), np.cos(y), np.sin(x + y)], axis=-1)).astype(np.uint8)
    sizes = set()
    for seed in range(12):
        saved = resave(original, np.random.default_rng(seed))
        sizes.add(saved.shape)
        across = np.linspace(0, saved.shape[1] - 1, 180).round().astype(int)
        down = np.linspace(0, saved.shape[0] - 1, 120).round().astype(int)
        difference = np.abs(saved[down][:, across].astype(int) - original).mean()
        assert 0 < difference < 8
    assert len(sizes) > 2
