"""Groups of near-duplicates, from what pairs of videos share.

A group is joined by strong links, of high score between near frames. A weaker one may add a single video to a group,
which is noted; it never joins two groups. Members that share nothing directly, because a third one holds both or lies
between them, are noted too.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vdup.grouping.overlap import Overlap

Pair = tuple[str, str]


@dataclass(frozen=True)
class IndirectPair:
    """Two members of a group that are no near-duplicates of one another."""

    first: str
    second: str
    through: tuple[str, ...]
    """Members between them, on the shortest way."""


@dataclass(frozen=True)
class Group:
    """Videos that are near-duplicates of one another, all or by way of others."""

    members: tuple[str, ...]
    """Ids in order."""
    links: tuple[Overlap, ...]
    """Near-duplicate pairs among them, highest score first."""
    indirect: tuple[IndirectPair, ...]
    """Pairs among them without a link."""
    weakly_joined: Mapping[str, Overlap]
    """Members that a single weak link holds in the group, with that link."""


@dataclass(frozen=True)
class Grouping:
    """All groups of a library."""

    groups: tuple[Group, ...]
    """Largest first."""
    possible: tuple[Overlap, ...]
    """Near-duplicate pairs by weak links between two groups, which were not joined because of them."""


def group_overlaps(
    overlaps: Sequence[Overlap], nearly_all: float, strong_score: float, strong_distance_bits: float
) -> Grouping:
    """Groups near-duplicate pairs.

    Args:
        overlaps: what pairs share; a pair at most once.
        nearly_all: share of a video from which on it counts as contained in the other.
        strong_score: score from which on a link joins without further ado,
        strong_distance_bits: if its frames differ by no more than this on average. In a large library there are more
            pairs than any score is calibrated for, and long stretches of frames that resemble one another faintly.
    """
    links = sorted(
        (overlap for overlap in overlaps if overlap.is_near_duplicate(nearly_all)),
        key=lambda link: (-link.score, link.first, link.second),
    )
    strong = {link for link in links if link.is_strong(strong_score, strong_distance_bits)}
    parts = _Partition(video for link in links for video in (link.first, link.second))
    for link in links:
        if link in strong:
            parts.join(link.first, link.second)
    possible: list[Overlap] = []
    for link in links:
        if not parts.together(link.first, link.second):
            if parts.alone(link.first) or parts.alone(link.second):
                parts.join(link.first, link.second)
            else:
                possible.append(link)
    by_group: defaultdict[int, list[Overlap]] = defaultdict(list)
    for link in links:
        if parts.together(link.first, link.second):
            by_group[parts.of(link.first)].append(link)
    groups = [_group(parts.members(number), mine, strong) for number, mine in by_group.items()]
    groups.sort(key=lambda group: (-len(group.members), group.members))
    return Grouping(tuple(groups), tuple(possible))


class _Partition:
    """Disjoint sets of videos."""

    def __init__(self, videos: Iterable[str]) -> None:
        self._of = {video: number for number, video in enumerate(dict.fromkeys(videos))}
        self._members = {number: [video] for video, number in self._of.items()}

    def of(self, video: str) -> int:
        return self._of[video]

    def members(self, number: int) -> list[str]:
        return sorted(self._members[number])

    def together(self, first: str, second: str) -> bool:
        return self._of[first] == self._of[second]

    def alone(self, video: str) -> bool:
        return len(self._members[self._of[video]]) == 1

    def join(self, first: str, second: str) -> None:
        larger, smaller = self._of[first], self._of[second]
        if larger == smaller:
            return
        if len(self._members[larger]) < len(self._members[smaller]):
            larger, smaller = smaller, larger
        for video in self._members.pop(smaller):
            self._of[video] = larger
            self._members[larger].append(video)


def _group(members: list[str], links: list[Overlap], strong: Collection[Overlap]) -> Group:
    neighbours: defaultdict[str, set[str]] = defaultdict(set)
    for link in links:
        neighbours[link.first].add(link.second)
        neighbours[link.second].add(link.first)
    indirect = [
        IndirectPair(first, second, _between(first, second, neighbours))
        for place, first in enumerate(members)
        for second in members[place + 1 :]
        if second not in neighbours[first]
    ]
    weakly_joined = {}
    for member in members:
        mine = [link for link in links if member in (link.first, link.second)]
        if len(mine) == 1 and mine[0] not in strong:
            weakly_joined[member] = mine[0]
    return Group(tuple(members), tuple(links), tuple(indirect), weakly_joined)


def _between(first: str, second: str, neighbours: Mapping[str, set[str]]) -> tuple[str, ...]:
    """Videos on a shortest way from the first to the second, without the two (breadth first)."""
    came_from = {first: first}
    queue = deque([first])
    while queue:
        video = queue.popleft()
        for other in sorted(neighbours[video] - came_from.keys()):
            came_from[other] = video
            queue.append(other)
    way = []
    video = came_from[second]
    while video != first:
        way.append(video)
        video = came_from[video]
    return tuple(reversed(way))
