"""Groups of near-duplicates: as a table, CSV and JSON."""

import csv
import io
import json
from collections import Counter, defaultdict
from pathlib import Path

from rich.console import Console

from vdup.config import DuplicatesJobConfig
from vdup.grouping.duplicates import Duplicates, JudgedGroup
from vdup.grouping.keep import bits_per_second
from vdup.grouping.overlap import Overlap
from vdup.grouping.proposals import Action, Proposal
from vdup.report.json_file import Json, plain_settings, rounded, vdup_version
from vdup.report.output import write_whole
from vdup.report.printable import clock, counted, printable, screen
from vdup.report.table import plain_table

SCHEMA_VERSION = 2
"""Of the JSON document; raised when a field changes its meaning or goes. 2: proposals in place of one file to keep."""

MOST_GROUPS = 100
"""Groups shown on a terminal; elsewhere all are printed."""

_MOST_NOTES = 5
"""Notes of one kind shown below the table; the JSON file holds all."""

_STATES = {
    Action.link: "only a link to another",
    Action.gone: "gone",
    Action.changed: "changed since it was indexed",
    Action.unusable: "that cannot be used",
}
"""What the last line says of files that are neither kept nor proposed for removal."""

COLUMNS = (
    "group",
    "video_id",
    "proposal",
    "reason",
    "contained_in",
    "share_matched",
    "shares_a_part_with",
    "damaged_seconds",
    "width",
    "height",
    "seconds",
    "bits_per_second",
)


def write_groups(path: Path, found: Duplicates, config: DuplicatesJobConfig) -> None:
    """Writes the groups in the form that the file's suffix names.

    Raises:
        OutputError: the disk is full, or the file cannot be written; an older file of that name is untouched.
    """
    write_whole(path, to_csv(found) if path.suffix.lower() == ".csv" else to_json(found, config))


def to_csv(found: Duplicates) -> str:
    """A header and one line a member; groups are numbered from 1. Videos of no group that share a part follow, to keep.

    ``proposal`` is keep, remove, link, gone, changed or unusable; only ``remove`` proposes to delete a file.
    ``contained_in`` names the videos, as far as their files are there, that contain all of this one,
    ``shares_a_part_with`` those of which neither holds the other, both with a ``|`` between. ``share_matched`` is the
    part of a file that may go that was found in the one that stays; ``damaged_seconds`` are starts and ends.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    sharing: defaultdict[str, set[str]] = defaultdict(set)
    for link in found.parts:
        sharing[link.first].add(link.second)
        sharing[link.second].add(link.first)
    rows: list[tuple[int | str, str, Proposal]] = [
        (number, member, judged.proposals[member])
        for number, judged in enumerate(found.groups, start=1)
        for member in judged.group.members
    ]
    grouped = {member for _, member, _ in rows}
    only_a_part = Proposal(Action.keep, "shares a part with others; none holds all of it")
    rows += [("", video, only_a_part) for video in sorted(sharing.keys() - grouped)]
    for number, video, proposal in rows:
        record = found.records[video]
        writer.writerow(
            [
                number,
                video,
                proposal.action.value,
                proposal.reason,
                "|".join(proposal.contained_in),
                "" if proposal.share is None else f"{proposal.share:.4f}",
                "|".join(sorted(sharing[video])),
                " ".join(f"{start:.3f}-{end:.3f}" for start, end in found.damaged.get(video, ())),
                record.width,
                record.height,
                f"{record.duration_seconds or 0.0:.3f}",
                round(bits_per_second(record)),
            ]
        )
    return text.getvalue()


def to_json(found: Duplicates, config: DuplicatesJobConfig) -> str:
    """One document: groups with members, links and shared stretches, links between groups, pairs with a part."""
    groups: list[Json] = [_group(number, judged, found, config) for number, judged in enumerate(found.groups, start=1)]
    document: Json = {
        "schema_version": SCHEMA_VERSION,
        "vdup_version": vdup_version(),
        "model_fingerprint": found.fingerprint,
        "settings": plain_settings(config),
        "videos_compared": len(found.records),
        "groups": groups,
        "links_to_holders_in_other_groups": [_link(link, config.nearly_all) for link in found.holders],
        "possible_links_between_groups": [_link(link, config.nearly_all) for link in found.possible],
        "pairs_that_share_a_part": [_link(link, config.nearly_all) for link in found.parts],
        "pairs_marked_as_not_duplicates": found.ruled_out,
    }
    return json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def print_groups(found: Duplicates, library: Path, output: Path | None, console: Console | None = None) -> None:
    """Prints every group, what holds it together where that is not plain, and what was left out.

    Args:
        found: all of it.
        library: where was looked.
        output: file that holds the groups too.
        console: for tests; none: stdout.
    """
    console = console or screen()
    shown = found.groups[:MOST_GROUPS] if console.is_terminal else found.groups
    if shown:
        table = plain_table(console)
        for heading in ("group", "video", "size", "length", "kbit/s", "proposal"):
            table.add_column(heading, overflow="fold")
        for number, judged in enumerate(shown, start=1):
            for member in judged.group.members:
                record, proposal = found.records[member], judged.proposals[member]
                table.add_row(
                    str(number),
                    printable(member),
                    f"{record.width}x{record.height}",
                    clock(record.duration_seconds or 0.0),
                    f"{bits_per_second(record) / 1000:.0f}",
                    f"{proposal.action.value}: {printable(proposal.reason)}",
                )
        console.print(table)
    if len(shown) < len(found.groups):
        console.print(f"+{counted(len(found.groups) - len(shown), 'more group')}; output=FILE.csv writes all of them")
    for number, judged in enumerate(shown, start=1):
        for note in _notes(judged):
            console.print(f"group {number}: {note}", soft_wrap=True)
    for note in _held_elsewhere(found)[:_MOST_NOTES]:
        console.print(note, soft_wrap=True)
    for link in found.possible[:_MOST_NOTES]:
        console.print(
            f"possibly joined, {_strength(link)}: {_names(link)}",
            soft_wrap=True,
        )
    parts_shown = sorted(found.parts, key=lambda link: -_longest(link))[:_MOST_NOTES]
    for link in parts_shown:
        console.print(f"a part in common, neither holds the other: {_where(link)}", soft_wrap=True)
    if len(found.parts) > len(parts_shown):
        more = counted(len(found.parts) - len(parts_shown), "more such pair")
        console.print(f"+{more}; output=FILE.json names all of them")
    counts = Counter(proposal.action for judged in found.groups for proposal in judged.proposals.values())
    parts = [f"{counted(counts[Action.remove], 'file')} proposed for removal"]
    parts += [f"{counts[action]} {words}" for action, words in _STATES.items() if counts[action]]
    console.print(
        f"{counted(len(found.records), 'video')} compared in {printable(str(library))}: "
        f"{counted(len(found.groups), 'group')}, {', '.join(parts)}; "
        f"{counted(len(found.parts), 'more pair')} with a part in common; {counted(found.ruled_out, 'pair')} marked as "
        "no duplicates",
        soft_wrap=True,
    )
    if output is not None:
        console.print(f"written to {printable(str(output))}", soft_wrap=True)


def _held_elsewhere(found: Duplicates) -> list[str]:
    """What videos outside its group hold nearly all of a video, such as all films that begin with one ident."""
    holders: defaultdict[str, list[str]] = defaultdict(list)
    for item in found.holders:
        for link in (item, item.turned()):
            if link.first_share > link.second_share:
                holders[link.first].append(link.second)
    return [
        f"{printable(video)} is in {counted(len(others), 'video')} outside its group too: "
        f"{', '.join(printable(other) for other in sorted(others)[:_MOST_NOTES])}"
        + (", ..." if len(others) > _MOST_NOTES else "")
        for video, others in sorted(holders.items())
    ]


def _strength(link: Overlap) -> str:
    return f"score {link.score:.2f}, {link.distance_bits:.0f} bits apart"


def _longest(link: Overlap) -> float:
    return max(end - start for start, end in (item.first_seconds for item in link.shared))


def _where(link: Overlap) -> str:
    """The longest stretch that two videos share, on both sides."""
    longest = max(link.shared, key=lambda item: item.first_seconds[1] - item.first_seconds[0])
    (start, end), (other_start, other_end) = longest.first_seconds, longest.second_seconds
    return (
        f"{printable(link.first)} {clock(start)} - {clock(end)} and "
        f"{printable(link.second)} {clock(other_start)} - {clock(other_end)}"
    )


def _notes(judged: JudgedGroup) -> list[str]:
    notes = [
        f"{printable(member)} is here by one link of {_strength(link)}: {_names(link)}"
        for member, link in sorted(judged.group.weakly_joined.items())
    ]
    notes += [
        f"{printable(pair.first)} and {printable(pair.second)} are here only by way of "
        f"{', '.join(printable(member) for member in pair.through)}"
        for pair in judged.group.indirect
    ]
    more = len(notes) - _MOST_NOTES
    return [*notes[:_MOST_NOTES], f"+{counted(more, 'more such note')}"] if more > 0 else notes


def _names(link: Overlap) -> str:
    return f"{printable(link.first)} and {printable(link.second)}"


def _group(number: int, judged: JudgedGroup, found: Duplicates, config: DuplicatesJobConfig) -> Json:
    members: list[Json] = []
    for member in judged.group.members:
        record, proposal = found.records[member], judged.proposals[member]
        members.append(
            {
                "video_id": member,
                "path": str(record.path),
                "proposal": proposal.action.value,
                "reason": proposal.reason,
                "contained_in": list(proposal.contained_in),
                "share_matched": None if proposal.share is None else rounded(proposal.share, 4),
                "width": record.width,
                "height": record.height,
                "duration_seconds": rounded(record.duration_seconds or 0.0, 3),
                "bits_per_second": round(bits_per_second(record)),
                "damaged_seconds": [
                    [rounded(start, 3), rounded(end, 3)] for start, end in found.damaged.get(member, ())
                ],
                "joined_by_one_weak_link": member in judged.group.weakly_joined,
            }
        )
    return {
        "group": number,
        **{action.value: list(judged.members(action)) for action in Action},
        "members": members,
        "links": [_link(link, config.nearly_all) for link in judged.group.links],
        "indirect_pairs": [
            {"first": pair.first, "second": pair.second, "through": list(pair.through)}
            for pair in judged.group.indirect
        ],
    }


def _link(link: Overlap, nearly_all: float) -> Json:
    return {
        "first": link.first,
        "second": link.second,
        "relation": link.relation(nearly_all).value,
        "first_share": rounded(link.first_share, 4),
        "second_share": rounded(link.second_share, 4),
        "score": rounded(link.score, 6),
        "shared": [
            {
                "first_seconds": [rounded(time, 3) for time in item.first_seconds],
                "second_seconds": [rounded(time, 3) for time in item.second_seconds],
                "score": rounded(item.score, 6),
                "distance_bits": rounded(item.distance_bits, 2),
            }
            for item in link.shared
        ],
    }
