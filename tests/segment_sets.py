"""Random true and predicted segments with many overlaps, ties and duplicates, for the tests of the metrics."""

import random

from vdup.datasets.segments import ScoredSegment, Segment


def random_segments(seed: int) -> tuple[list[Segment], list[ScoredSegment]]:
    """Times are whole seconds below 30, so that naive tests can count seconds one by one."""
    source = random.Random(seed)

    def box() -> tuple[str, str, int, int, int, int]:
        query_start, reference_start = source.randrange(20), source.randrange(20)
        return (
            f"Q{source.randrange(3)}",
            f"R{source.randrange(3)}",
            query_start,
            query_start + source.randint(1, 9),
            reference_start,
            reference_start + source.randint(1, 9),
        )

    truth = [Segment(*box()) for _ in range(source.randint(1, 10))]
    predictions = [
        ScoredSegment(*box(), score=source.choice([0.25, 0.5, source.random()])) for _ in range(source.randint(0, 25))
    ]
    return truth, predictions + predictions[:3]
