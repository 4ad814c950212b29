"""Small cases of what looks like duplicates in a library, and whether what is proposed for their files is right."""

import json
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path

Group = frozenset[str]


@dataclass(frozen=True)
class Case:
    """Files of one case, and the truth about them; whatever is not told here is no duplicate."""

    kind: str
    files: tuple[str, ...]
    """Ids in the library."""
    whole_in: Mapping[str, Collection[str]] = field(default_factory=dict)
    """File -> those that hold all of it, so that it may go when one of them stays."""
    states: Mapping[str, str] = field(default_factory=dict)
    """Files for which something else than to keep or to remove them must be proposed: ``gone`` or ``link``."""


@dataclass(frozen=True)
class Found:
    """What was found in a library."""

    groups: tuple[Group, ...]
    proposals: Mapping[str, str]
    """Of each file that is in a group."""

    def stays(self, video: str) -> bool:
        """Whether a file is kept: files of no group are."""
        return self.proposals.get(video, "keep") == "keep"


@dataclass(frozen=True)
class Outcome:
    """Results of all cases of one kind."""

    kind: str
    planted: int
    """Files."""
    may_go: int
    """Files that another one holds."""
    proposed: int
    """Files proposed for removal."""
    not_contained: int
    """Those of them of which no file that stays holds all."""
    faults: tuple[str, ...]
    """What is not as it should be, for people."""


def read_found(path: Path) -> Found:
    """Reads what ``vdup.duplicates`` wrote as JSON."""
    document = json.loads(path.read_text())
    members = [
        [(str(one["video_id"]), str(one["proposal"])) for one in group["members"]] for group in document["groups"]
    ]
    groups = tuple(frozenset(video for video, _ in group) for group in members)
    return Found(groups, {video: proposal for group in members for video, proposal in group})


def judge(cases: Sequence[Case], found: Found) -> list[Outcome]:
    """Compares what was found with the truth, kind by kind in the order in which they were given."""
    outcomes = []
    for kind in dict.fromkeys(case.kind for case in cases):
        mine = [case for case in cases if case.kind == kind]
        planted = [file for case in mine for file in case.files]
        going = [(case, file) for case in mine for file in case.files if found.proposals.get(file) == "remove"]
        wrong = [file for case, file in going if not any(map(found.stays, case.whole_in.get(file, ())))]
        faults = [f"{file} is proposed for removal, and nothing that stays holds all of it" for file in wrong]
        faults += _wrong_groups(mine, found.groups)
        faults += [
            f"{file} should be said to be {state}, and is {found.proposals.get(file, 'in no group')}"
            for case in mine
            for file, state in case.states.items()
            if found.proposals.get(file) != state
        ]
        may_go = sum(bool(case.whole_in.get(file)) and file not in case.states for case in mine for file in case.files)
        outcomes.append(Outcome(kind, len(planted), may_go, len(going), len(wrong), tuple(faults)))
    return outcomes


def _wrong_groups(cases: Iterable[Case], groups: Sequence[Group]) -> list[str]:
    """Files of these cases that are in a group with one that they share no duplicate with."""
    faults = []
    case_of = {file: case for case in cases for file in case.files}
    for group in groups:
        for first, second in combinations(sorted(group), 2):
            case = case_of.get(first) or case_of.get(second)
            if case is not None and not _is_duplicate(case, first, second):
                faults.append(f"{first} and {second} are in one group")
    return faults


def _is_duplicate(case: Case, first: str, second: str) -> bool:
    return second in case.whole_in.get(first, ()) or first in case.whole_in.get(second, ())
