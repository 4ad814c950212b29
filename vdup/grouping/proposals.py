"""What is proposed for every file of the groups: nothing is to go unless one file that stays contains all of it."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum

from vdup.catalogue.records import VideoRecord
from vdup.grouping.containment import ContainmentRule
from vdup.grouping.files import FileLook, FileState, main_names
from vdup.grouping.groups import Group
from vdup.grouping.keep import Damaged, Held, advantages, best_copy, has_more_pixels
from vdup.grouping.overlap import Overlap, Relation
from vdup.video.damaged_moments import told_damage


class Action(Enum):
    """What is proposed for a file. Only ``remove`` proposes to delete one."""

    keep = "keep"
    """It stays."""
    remove = "remove"
    """It may go: one file that stays contains all of it."""
    link = "link"
    """It is another name of a file of the groups, by a symbolic or hard link, and so no copy."""
    gone = "gone"
    """There is no such file any more."""
    changed = "changed"
    """Its file is another one than was indexed; nothing is known of it."""
    unusable = "unusable"
    """It is no regular file, or cannot be looked at."""


@dataclass(frozen=True)
class Proposal:
    """What is proposed for one file, and why."""

    action: Action
    reason: str
    """For people."""
    contained_in: tuple[str, ...] = ()
    """Ids of present files, of this group and others, that contain all of it, in order."""
    share: float | None = None
    """Of a file that may go, the part that was found in the one that stays, 0 to 1: what is missing is within what
    sampling leaves uncertain at the ends of stretches."""


def propose(
    groups: Sequence[Group],
    holders: Sequence[Overlap],
    records: Mapping[str, VideoRecord],
    files: Mapping[str, FileLook],
    damaged: Damaged,
    rule: ContainmentRule,
    nearly_all: float,
) -> list[dict[str, Proposal]]:
    """What is proposed for each member of each group, by id.

    In every group the best copy stays and all that it contains may go; then the best of the rest, until none is left.
    So a file that may go is contained in one that stays, directly: never in one that may go too, and never in parts by
    several. A damaged file never stays in place of a whole one; where the whole one has fewer pixels or is
    shorter, both stay.

    Args:
        groups: as they were found.
        holders: links to videos outside the group that hold nearly all of a member, and more; they are named.
        records: of all members, and of the videos of those links.
        files: how the file of each of these was found.
        damaged: what decoding found damaged of each.
        rule: when a video counts as whole in another.
        nearly_all: share of a video from which on it counts as contained when the best copy is chosen.
    """
    # Over all groups: a file with names in two of them must not stay for one and go for the other.
    names = [member for group in groups for member in group.members]
    names += [video for link in holders for video in (link.first, link.second)]
    main = main_names(files, names)
    outside: defaultdict[str, list[Overlap]] = defaultdict(list)
    for link in holders:
        outside[link.first].append(link)
        outside[link.second].append(link)
    found = []
    for group in groups:
        links = [*group.links, *(link for member in group.members for link in outside[member])]
        found.append(_propose(group, links, records, files, damaged, main, rule, nearly_all))
    return found


def _propose(
    group: Group,
    links: Sequence[Overlap],
    records: Mapping[str, VideoRecord],
    files: Mapping[str, FileLook],
    damaged: Damaged,
    main: Mapping[str, str],
    rule: ContainmentRule,
    nearly_all: float,
) -> dict[str, Proposal]:
    proposals: dict[str, Proposal] = {}
    standing: list[str] = []
    for member in group.members:
        look = files[member]
        if look.state is not FileState.present:
            proposals[member] = Proposal(Action[look.state.value], look.reason)
        elif main[member] != member:
            proposals[member] = Proposal(Action.link, f"a link: another name of the file of {main[member]}")
        else:
            standing.append(member)
    whole, held, shares = _containment(links, records, damaged, main, rule, nearly_all)
    rest = standing
    while rest:
        best = best_copy(rest, held, records, damaged)
        going = [
            member
            for member in rest
            if member != best
            and best in whole.get(member, ())
            and not (damaged.get(member) and has_more_pixels(member, best, records))
            and not (damaged.get(best) and not damaged.get(member))
        ]
        for member in going:
            share = shares[member, best]
            matched = (
                f"{share:.0%} matched, {told_damage(damaged[member])}"
                if damaged.get(member)
                else f"{share:.0%} matched"
            )
            reason = f"{best} contains all of it ({matched})"
            proposals[member] = Proposal(Action.remove, reason, _sorted(whole, member), share)
        reason = _why_kept(best, going, standing, whole, held, records, damaged)
        proposals[best] = Proposal(Action.keep, reason, _sorted(whole, best))
        rest = [member for member in rest if member not in proposals]
    return proposals


def _why_kept(
    best: str,
    going: Sequence[str],
    standing: Sequence[str],
    whole: Held,
    held: Held,
    records: Mapping[str, VideoRecord],
    damaged: Damaged,
) -> str:
    if len(standing) == 1:
        return "the only file of the group that can be kept"
    if going:
        return advantages(best, going, held, records, damaged) or "all are alike; the first by name"
    holders = _sorted(whole, best)
    if not holders:
        return "no other file is known to contain all of it"
    better = advantages(best, holders, held, records, damaged) or "kept"
    if damaged.get(best):
        better = f"{better}, {told_damage(damaged[best])}"
    return f"{better}, though {' and '.join(holders)} contain{'s' if len(holders) == 1 else ''} all of it"


def _containment(
    links: Sequence[Overlap],
    records: Mapping[str, VideoRecord],
    damaged: Damaged,
    main: Mapping[str, str],
    rule: ContainmentRule,
    nearly_all: float,
) -> tuple[Held, Held, dict[tuple[str, str], float]]:
    """Which files contain all of which, as a deletion needs it; which hold nearly all, and more; what share of them."""
    shares: dict[tuple[str, str], float] = {}
    whole: defaultdict[str, set[str]] = defaultdict(set)
    held: defaultdict[str, set[str]] = defaultdict(set)
    for found in links:
        if not (found.first in main and found.second in main):
            continue
        for link in (found, found.turned()):
            inner, outer = main[link.first], main[link.second]
            if inner == outer:
                continue
            relation = link.relation(nearly_all)
            if relation is Relation.contained:
                held[inner].add(outer)
            if relation in (Relation.same, Relation.contained) and _is_whole(link, records, damaged, rule):
                whole[inner].add(outer)
                found_share = 1.0 if _same_bytes(link, records) else link.first_share
                shares[inner, outer] = max(shares.get((inner, outer), 0.0), found_share)
    return whole, held, shares


def _is_whole(link: Overlap, records: Mapping[str, VideoRecord], damaged: Damaged, rule: ContainmentRule) -> bool:
    """Whether all of the first file of a pair is in the second."""
    first, second = records[link.first], records[link.second]
    if _same_bytes(link, records):
        return True
    lengths = first.duration_seconds or 0.0, second.duration_seconds or 0.0
    return rule.first_is_whole_in_second(link, *lengths, damaged.get(link.first, ()))


def _same_bytes(link: Overlap, records: Mapping[str, VideoRecord]) -> bool:
    first, second = records[link.first].content_hash, records[link.second].content_hash
    return bool(first) and first == second


def _sorted(found: Held, video: str) -> tuple[str, ...]:
    return tuple(sorted(found.get(video, ())))
