from typing import cast

import numpy as np
import pytest
from matchers.made_features import MadeSource, excerpt, named, world

from vdup.config import ViSiLVariant
from vdup.matchers.base import Comparison
from vdup.matchers.frame_source import FrameSource
from vdup.matchers.visil_matcher import ViSiLMatcher
from vdup.visil import ViSiL


def test_similarity_is_that_of_the_model() -> None:
    first, other = world(1, 12, 2), world(2, 12, 2)
    part = excerpt(first, 3, 5)
    source = cast("FrameSource", MadeSource(first=first, other=other, part=part))
    matcher = ViSiLMatcher(ViSiL(ViSiLVariant.f, first.features.shape[1]), source)
    query = matcher.prepare(named("part"))
    found = matcher.compare(query, matcher.prepare(named("first")), inside=True)
    # Mean over the query's frames of their nearest frame.
    expected = np.mean([max(float(a @ b) for b in first.features) for a in part.features])
    assert found == Comparison(found.similarity)
    assert found.similarity == pytest.approx(expected, abs=1e-5)
    assert matcher.compare(query, matcher.prepare(named("other"))).similarity < found.similarity


def test_span() -> None:
    first = world(1, 12, 2)
    matcher = ViSiLMatcher(ViSiL(ViSiLVariant.f, 32), cast("FrameSource", MadeSource(first=first)))
    assert matcher.prepare(named("first"), (3.0, 5.0)).times_seconds.tolist() == [3.0, 3.5, 4.0, 4.5]
