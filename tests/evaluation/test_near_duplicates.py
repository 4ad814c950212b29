import math
import random

import pytest

from vdup.datasets.cc_web_video import POSITIVE_LABELS, QuerySet
from vdup.evaluation.near_duplicates import FORMS, Form, near_duplicate_scores

CC, CC_STAR, CC_CLEANED, CC_STAR_CLEANED = FORMS
MEMBERS = QuerySet(1, "q", {"q": "E", "a": "S", "b": "X", "c": "L", "d": "-1"}, excluded=frozenset({"b", "c"}))
SCORES = {"q": 1.0, "other": 0.9, "b": 0.8, "a": 0.7, "c": 0.6}


def published(form: Form) -> float:
    return near_duplicate_scores({"q": SCORES}, [MEMBERS], form).published


def test_the_four_forms_by_hand() -> None:
    """Own set: q b a c. All: q other b a c. The cleaned forms lose b and c."""
    assert published(CC) == pytest.approx((1 + 2 / 3 + 3 / 4) / 3, abs=1e-12)
    assert published(CC_STAR) == pytest.approx((1 + 2 / 4 + 3 / 5) / 3, abs=1e-12)
    assert published(CC_CLEANED) == pytest.approx((1 + 2 / 2) / 2, abs=1e-12)
    assert published(CC_STAR_CLEANED) == pytest.approx((1 + 2 / 3) / 2, abs=1e-12)


def test_positives_that_are_not_there() -> None:
    """Without c: 3 positives are labelled, 2 are there."""
    scores = {name: score for name, score in SCORES.items() if name != "c"}
    found = near_duplicate_scores({"q": scores}, [MEMBERS], CC)
    assert found.published == pytest.approx((1 + 2 / 3) / 3, abs=1e-12)
    assert found.among_available == pytest.approx((1 + 2 / 3) / 2, abs=1e-12)
    limited = near_duplicate_scores({"q": SCORES}, [MEMBERS], CC, available=["q", "b", "a"])
    assert limited == found


def test_queries_without_similarities_are_passed_over() -> None:
    other = QuerySet(2, "r", {"r": "E"}, None)
    assert near_duplicate_scores({"q": SCORES}, [MEMBERS, other], CC).published == pytest.approx(published(CC))
    nothing = near_duplicate_scores({}, [MEMBERS], CC)
    assert math.isnan(nothing.published)
    assert math.isnan(nothing.among_available)
    assert math.isnan(near_duplicate_scores({"q": {"b": 1.0}}, [MEMBERS], CC).among_available)
    assert near_duplicate_scores({"q": {}}, [MEMBERS], CC).published == 0.0


@pytest.mark.parametrize("seed", range(40))
def test_equals_the_naive_form(seed: int) -> None:
    source = random.Random(seed)
    names = [f"v{number}" for number in range(20)]
    sets: list[QuerySet] = []
    for _ in range(3):
        own = source.sample(names, 8)
        sets.append(
            QuerySet(
                len(sets),
                own[0],
                {name: source.choice(["E", "S", "V", "M", "L", "X", "-1"]) for name in own} | {own[0]: "E"},
                frozenset(source.sample(own[1:], 2) + source.sample(names, 1)) - {own[0]},
            )
        )
    similarities = {s.seed: {name: source.choice([0.5, source.random()]) for name in names[:18]} for s in sets}
    for form in FORMS:
        values = []
        for members in sets:
            excluded = (members.excluded or frozenset()) if form.cleaned else frozenset()
            scores = similarities[members.seed]
            positives = [n for n, label in members.labels.items() if label in POSITIVE_LABELS and n not in excluded]
            seen = found = 0
            total = 0.0
            for name in sorted(scores, key=lambda name: scores[name], reverse=True):
                if name in excluded or not (form.all_videos or name in members.labels):
                    continue
                seen += 1
                if name in positives:
                    found += 1
                    total += found / seen
            values.append(total / len(positives))
        result = near_duplicate_scores(similarities, sets, form)
        assert result.published == pytest.approx(sum(values) / len(values), abs=1e-9)
