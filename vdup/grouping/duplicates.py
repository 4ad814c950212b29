"""From a library to its groups of near-duplicates, without the pairs that a person has ruled out."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

from vdup.catalogue.records import VideoRecord, VideoState
from vdup.config import DuplicatesJobConfig
from vdup.errors import LibraryError
from vdup.grouping.containment import ContainmentRule
from vdup.grouping.files import look_at
from vdup.grouping.groups import Group, Grouping, group_overlaps
from vdup.grouping.overlap import Overlap, Shared
from vdup.grouping.proposals import Action, Proposal, propose
from vdup.grouping.self_join import Progress, join_library
from vdup.grouping.verdicts import ContentPair, content_pair, read_verdicts, write_verdicts
from vdup.pipeline.open_library import OpenLibrary
from vdup.types import Intervals


@dataclass(frozen=True)
class JudgedGroup:
    """A group and what is proposed for its files."""

    group: Group
    proposals: Mapping[str, Proposal]
    """Of every member, by id."""

    def members(self, action: Action) -> list[str]:
        """Ids of the members for which this is proposed, in order."""
        return [member for member in self.group.members if self.proposals[member].action is action]


@dataclass(frozen=True)
class Duplicates:
    """All that was found in a library."""

    groups: tuple[JudgedGroup, ...]
    """Largest first."""
    holders: tuple[Overlap, ...]
    """Links of which one video holds nearly all of the other, and more, and is not in its group."""
    possible: tuple[Overlap, ...]
    """Near-duplicate pairs of low score that joined nothing."""
    parts: tuple[Overlap, ...]
    """Pairs that share a part only."""
    ruled_out: int
    """Pairs that share something, left out because they were marked."""
    records: dict[str, VideoRecord]
    """Records of all videos that were compared, by id."""
    damaged: dict[str, Intervals]
    """What decoding found damaged, by id; of the videos that are damaged."""
    fingerprint: str
    """Of the library's settings."""


def find_duplicates(library: OpenLibrary, config: DuplicatesJobConfig, progress: Progress | None = None) -> Duplicates:
    """Compares all videos of a library with one another and groups them.

    Raises:
        WeightsError: the calibration does not belong to the model.
        LibraryError: results cannot be kept, or the marks cannot be read.
    """
    verdicts = read_verdicts(library.folder.path)
    records = {record.id: record for record in library.videos(VideoState.indexed)}
    extras = library.folder.catalogue.extras
    damaged = {name: found for name, record in records.items() if (found := extras.damaged_seconds(record.number))}
    overlaps = with_identical(join_library(library, config.matcher, progress), records)
    kept = [overlap for overlap in overlaps if _pair(records, overlap) not in verdicts]
    grouping: Grouping = group_overlaps(kept, config.nearly_all, config.strong_score, config.strong_distance_bits)
    return Duplicates(
        groups=_judged(grouping, records, damaged, config),
        holders=grouping.holders,
        possible=grouping.possible,
        parts=tuple(overlap for overlap in kept if not overlap.is_near_duplicate(config.nearly_all)),
        ruled_out=len(overlaps) - len(kept),
        records=records,
        damaged=damaged,
        fingerprint=library.folder.manifest.fingerprint,
    )


def with_identical(overlaps: Iterable[Overlap], records: Mapping[str, VideoRecord]) -> list[Overlap]:
    """The same, with files of the same bytes as wholly the same: whatever they show, nothing need be found in them."""
    by_content: defaultdict[str, list[str]] = defaultdict(list)
    for video, record in records.items():
        if record.content_hash:
            by_content[record.content_hash].append(video)
    identical = {}
    for same in by_content.values():
        for first, second in combinations(same, 2):
            whole = (0.0, records[first].duration_seconds or 0.0)
            shared = (Shared(whole, whole, 1.0, 0.0),)
            identical[frozenset((first, second))] = Overlap(first, second, 1.0, 1.0, 1.0, 0.0, shared)
    others = [item for item in overlaps if frozenset((item.first, item.second)) not in identical]
    return [*identical.values(), *others]


def containment_rule(config: DuplicatesJobConfig) -> ContainmentRule:
    """When a video counts as whole in another, by the settings."""
    return ContainmentRule(
        config.min_share,
        config.slack_seconds,
        config.max_missing_seconds,
        config.strong_score,
        config.strong_distance_bits,
    )


def _judged(
    grouping: Grouping,
    records: Mapping[str, VideoRecord],
    damaged: Mapping[str, Intervals],
    config: DuplicatesJobConfig,
) -> tuple[JudgedGroup, ...]:
    """Looks at the files of groups, and says what is proposed for each."""
    looked_at = {member for group in grouping.groups for member in group.members}
    looked_at |= {video for link in grouping.holders for video in (link.first, link.second)}
    files = {video: look_at(records[video]) for video in sorted(looked_at)}
    rule = containment_rule(config)
    proposals = propose(grouping.groups, grouping.holders, records, files, damaged, rule, config.nearly_all)
    return tuple(map(JudgedGroup, grouping.groups, proposals))


def mark(library: OpenLibrary, not_duplicates: Sequence[str], duplicates_after_all: Sequence[str]) -> None:
    """Remembers which videos are no duplicates, or takes that back; every two of a list are a pair.

    Args:
        library: where the videos are.
        not_duplicates: ids of videos no two of which are duplicates.
        duplicates_after_all: ids for which that is taken back.

    Raises:
        LibraryError: an id is unknown, the marks cannot be kept, or the library was opened for reading.
    """
    if not not_duplicates and not duplicates_after_all:
        return
    library.folder.check_may_change()
    contents = {record.id: record.content_hash for record in library.videos(VideoState.indexed)}
    verdicts = read_verdicts(library.folder.path)
    verdicts |= _pairs(contents, not_duplicates)
    verdicts -= _pairs(contents, duplicates_after_all)
    write_verdicts(library.folder.path, verdicts)


def _pairs(contents: dict[str, str], ids: Iterable[str]) -> set[ContentPair]:
    unknown = [video_id for video_id in ids if video_id not in contents]
    if unknown:
        raise LibraryError(
            f"the library holds no video {', '.join(unknown)}; python -m vdup.library action=list names all"
        )
    return {content_pair(contents[first], contents[second]) for first, second in combinations(dict.fromkeys(ids), 2)}


def _pair(records: dict[str, VideoRecord], overlap: Overlap) -> ContentPair:
    return content_pair(records[overlap.first].content_hash, records[overlap.second].content_hash)
