"""Groups of near-duplicates, from what pairs of videos share.

Videos of which nearly all is the same are joined by strong links, of high score between near frames. What another video
holds and more, such as an excerpt or an ident, is put into the group of one that holds it and joins nothing: films that
begin with one ident share a part and are no group. A weaker link may add a single video to a group that strong links
made, which is noted; it never joins two groups, and makes none: two takes of one scene may be joined by such a link.
Members that share nothing directly, because a third one holds both or lies between them, are
noted too.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from vdup.grouping.overlap import Overlap, Relation

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
    holders: tuple[Overlap, ...]
    """Strong links of which one video holds nearly all of the other, and more, and is not in its group: a video that
    several hold is put into the group of one."""
    possible: tuple[Overlap, ...]
    """Near-duplicate pairs by weak links that joined nothing: between two groups, or between videos of no group."""


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
        if link in strong and link.relation(nearly_all) is Relation.same:
            parts.join(link.first, link.second)
    _join_to_holders([link for link in links if link in strong], parts, nearly_all)
    firm = {video for link in links for video in (link.first, link.second) if not parts.alone(video)}
    for link in links:
        ends = (link.first, link.second)
        if link not in strong and any(end in firm for end in ends) and any(parts.alone(end) for end in ends):
            parts.join(link.first, link.second)
    by_group: defaultdict[int, list[Overlap]] = defaultdict(list)
    for link in links:
        if parts.together(link.first, link.second):
            by_group[parts.of(link.first)].append(link)
    groups = [_group(parts.members(number), mine, strong) for number, mine in by_group.items()]
    groups.sort(key=lambda group: (-len(group.members), group.members))
    apart = [link for link in links if not parts.together(link.first, link.second)]
    return Grouping(
        tuple(groups),
        tuple(link for link in apart if link in strong),
        tuple(link for link in apart if link not in strong),
    )


def _join_to_holders(links: Iterable[Overlap], parts: "_Partition", nearly_all: float) -> None:
    """Puts each set of videos that are the same into the group of one video that holds them and more: the surest."""
    holders: defaultdict[int, list[Overlap]] = defaultdict(list)
    for found in links:
        for link in (found, found.turned()):
            if link.relation(nearly_all) is Relation.contained and not parts.together(link.first, link.second):
                holders[parts.of(link.first)].append(link)
    # Numbers of sets change while they are joined: the links know their videos.
    surest = [min(mine, key=lambda link: (-link.first_share, -link.score, link.second)) for mine in holders.values()]
    for link in sorted(surest, key=lambda link: (link.first, link.second)):
        parts.join(link.first, link.second)


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
