"""Every data set in the form of its publishers, with a handful of videos.

Each function writes the annotations into ``root`` and calls ``place`` with the path of every video that is there; the
standard is an empty file, as loaders do not open videos. One video of each set is left out, to be missing.
"""

import json
import pickle
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from vdup.datasets.vcdb import BEYOND_THE_END

Place = Callable[[Path], None]


def empty_file(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch()


def write(path: Path, *lines: str, encoding: str = "utf-8", end: str = "\n") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes("".join(line + end for line in lines).encode(encoding))


def write_json(path: Path, value: object) -> None:
    write(path, json.dumps(value))


def write_pickle(path: Path, value: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(pickle.dumps(value, protocol=3))


def _place_all(place: Place, folder: Path, names: Iterable[str]) -> None:
    for name in names:
        place(folder / name)


def write_madonna(root: Path, place: Place = empty_file) -> None:
    """Cameras 1 and 2 share 10 s, camera 2 began 10.5 s after camera 1; camera 3 saw something else; 4 is missing."""
    lines = ("cam1/one.mov 0 20.5 0", "cam2/two two.mp4 0 20 10.5", "cam3/three.avi 2 12 100", "cam4/four.avi 0 5 12")
    write(root / "gt_madonna.align", *lines)
    _place_all(place, root / "videos", ("one.mp4", "two two.mp4", "three.mp4"))


def write_climbing(root: Path, place: Place = empty_file) -> None:
    """A long video of 60 s; the clips a and b begin 10 s and 40 s into it, of b 5 s to 8 s count; c is missing."""
    write(root / "gt_climbing.align", "ixus/longvid.avi 0 60 0", "a.mp4 0 10 10", "b.mp4 5 8 40", "c.mp4 0 4 20")
    _place_all(place, root / "videos", ("ixus/longvid.avi.mp4", "a.mp4", "b.mp4"))


def write_vcdb(root: Path, place: Place = empty_file) -> None:
    """Two topics. In ``goal``: a 0:10-0:20 is b 0:30-0:40, a 0:40-0:50 is b 0:00-0:10, b is c; c is missing.

    The second segment stands turned round, and then again. One line of ``obama_kicks_door`` is one of the three broken.
    """
    write(
        root / "annotation" / "goal.txt",
        "a.flv,a.flv,00:00:00,00:01:00,00:00:00,00:01:00",
        "b.mp4,b.mp4,00:00:00,00:00:40,00:00:00,00:00:40",
        "a.flv,b.mp4,00:00:10,00:00:20,00:00:30,00:00:40",
        "b.mp4,a.flv,00:00:00,00:00:10,00:00:40,00:00:50",
        "a.flv,b.mp4,00:00:40,00:00:50,00:00:00,00:00:10",
        "b.mp4,c.flv,00:00:05,00:00:15,01:00:05,01:00:15",
        end="\r\n",
    )
    topic = "obama_kicks_door"
    first, second, start = next(line for line in sorted(BEYOND_THE_END) if line[0].startswith(topic))
    names = first.removeprefix(f"{topic}/"), second.removeprefix(f"{topic}/")
    write(
        root / "annotation" / f"{topic}.txt",
        f"{names[0]},{names[1]},00:00:{start:02.0f},00:00:33,00:00:00,00:00:14",
        f"{names[0]},{names[1]},00:00:00,00:00:13,00:00:01,00:00:14",
    )
    _place_all(place, root / "videos", ("goal/a.flv", "goal/b.mp4", first, second))


def write_vcdb_boxes(root: Path, place: Place = empty_file) -> None:
    """The topic ``goal`` of :func:`write_vcdb` in TransVCL's form."""
    write(root / "pair_file.csv", "query_id,reference_id", "a,a", "a,b", "b,c")
    boxes = {"a-a": [[0, 0, 60, 60]], "a-b": [[10, 30, 20, 40], [40, 0, 50, 10]], "b-c": [[5, 3605, 15, 3615]]}
    write_json(root / "label_file.json", boxes)
    _place_all(place, root / "videos", ("goal/a.flv", "goal/b.mp4"))


def write_evve(root: Path, place: Place = empty_file) -> None:
    """Two events. A negative of the first is the positive d of the second; the query q2 is missing."""
    write(
        root / "annotations" / "shakira+concert.dat",
        "-q1 1 query",
        "q2 1 query",
        "p1 1 database",
        "p2 1 database",
        "n0 0 database",
        "d -1 database",
    )
    write(root / "annotations" / "strokkur.dat", "q3 1 query", "d 1 database", "n1 -1 database")
    _place_all(place, root / "videos", (f"shakira+concert/{name}.mp4" for name in ("-q1", "p1", "p2", "n0", "d")))
    _place_all(place, root / "videos", (f"strokkur/{name}.flv" for name in ("q3", "d", "n1")))


def write_evve_pickle(root: Path, place: Place = empty_file) -> None:
    """The same in ViSiL's form, which has no negatives."""
    events = {
        "shakira+concert": [{"-q1", "q2"}, {"p1", "p2"}, {"n0"}],
        "strokkur": ({"q3"}, {"d"}, set()),
    }
    held = {"annotation": events, "queries": ["-q1", "q2", "q3"], "database": ["p1", "p2", "n0", "d", "n1"]}
    write_pickle(root / "evve.pickle", held)
    _place_all(place, root / "videos", (f"{name}.mp4" for name in ("-q1", "p1", "p2", "n0", "d", "q3", "n1")))


FIVR_ANNOTATION = {
    "q1": {"ND": ["n1"], "DS": ["d1", "d2"], "CS": ["c1"], "IS": ["i1"], "DA": ["d1"]},
    "q2": {"DS": ["d3"]},
}


def write_fivr(root: Path, place: Place = empty_file) -> None:
    """Two queries in a collection of nine; d2 is missing."""
    write_json(root / "dataset" / "annotation.json", FIVR_ANNOTATION)
    write(root / "dataset" / "youtube_ids.txt", "q1", "n1", "d1", "d2", "c1", "i1", "q2", "d3", "x")
    _place_all(place, root / "videos", (f"{name}.mp4" for name in ("q1", "n1", "d1", "c1", "i1", "q2", "d3", "x")))


def write_fivr_5k(root: Path, place: Place = empty_file) -> None:
    """The query q1 of :func:`write_fivr` and its relevant videos, in ViSiL's form."""
    part = {"queries": ["q1"], "database": {"q1", "n1", "d1", "d2", "c1", "i1"}}
    write_pickle(root / "fivr.pickle", {"annotation": FIVR_ANNOTATION, "5k": part, "200k": part})
    _place_all(place, root / "videos", (f"{name}.mp4" for name in ("q1", "n1", "d1", "c1", "i1")))


CC_NAMES = {"1": "1/1_1_Y", "2": "1/1_2_G", "3": "1/1_3_H", "4": "2/2_1_Y", "5": "2/2_2_Y", "7": "2/2_4_Y"}


def write_cc_web_video(root: Path, place: Place = empty_file) -> None:
    """Two queries with three videos each. The file of video 5 is missing, and the clean labels leave out video 2."""
    header = "ID\tTopicID\tSource\tVideoName\tDuration\tTitle"
    lines = (f"{number}\t{name[0]}\tYouTube\t{name[2:]}.flv\t01:03\tcafé" for number, name in CC_NAMES.items())
    write(root / "Video_Complete.txt", header, *lines, encoding="latin-1", end="\r\n")
    write(root / "Seed.txt", "*1\t1", "*2\t4")
    write(root / "Ground" / "GT_1.rst", "1\tE", "2\tS", "3\tx")
    write(root / "Ground" / "GT_2.rst", "4\tE", "5\t-1", "7\tM")
    _place_all(place, root / "videos", (f"{name}.flv" for number, name in CC_NAMES.items() if number != "5"))


def write_cc_web_video_pickle(root: Path) -> None:
    """ViSiL's file for :func:`write_cc_web_video`."""
    held = {
        "index": {name: int(number) for number, name in CC_NAMES.items()},
        "queries": ["1/1_1_Y", "2/2_1_Y"],
        "ground_truth": [{1: "E", 2: "S", 3: "x"}, {4: "E", 5: "-1", 7: "M"}],
        "excluded": [{2}, set()],
    }
    write_pickle(root / "cc_web_video.pickle", held)


def write_vcsl(root: Path, place: Place = empty_file) -> None:
    """Three test pairs, two of them copies, and a validation pair. The reference r2 is missing."""
    data = root / "data"
    write(data / "pair_file_test.csv", "query_id,reference_id", "q1,r1", "q1,r2", "q2,r1")
    write(data / "pair_file_val.csv", "query_id,reference_id", "q3,r1")
    boxes = {"q1-r1": [[0, 10, 20, 30], [30, 50, 40, 60]], "q1-r2": [[5, 0, 15, 12]], "q3-r1": [[1, 2, 3, 4]]}
    write_json(data / "label_file_uuid_total.json", boxes)
    sets = {"train": {}, "val": {"c": ["q3-r1"]}, "test": {"a": ["q1-r1", "q1-r2"], "b": ["q2-r1"]}}
    write_json(data / "split_meta_pairs.json", sets)
    write(data / "frames_all.csv", "uuid,path,frame_count", "q1,q1,45", "q2,q2,20", "r1,r1,70", "r2,r2,15")
    write(data / "videos_url_uuid.csv", "url,uuid", "https://example.org/watch?v=1,q1", "https://example.org/2,r1")
    _place_all(place, root / "videos", ("q1.mp4", "q2.mp4", "q3.mp4", "r1.mp4"))


SEGMENTS_HEADER = "query_id,ref_id,query_start,query_end,ref_start,ref_end"


def write_vsc2022(root: Path, place: Place = empty_file) -> None:
    """Three queries, of which one is a copy, and two references. Q100003 is missing."""
    header = f"{SEGMENTS_HEADER},extra"
    write(root / "train_matching_ground_truth.csv", header, "Q100001,R100002,2.5,12.5,30,40,-")
    write(root / "train_descriptor_ground_truth.csv", "query_id,ref_id", "Q100001,R100002")
    write(root / "train_query_metadata.csv", "video_id,duration_sec", "Q100001,20.5", "Q100002,9", "Q100003,30")
    write(root / "train_reference_metadata.csv", "video_id,duration_sec", "R100001,60", "R100002,45")
    _place_all(place, root / "query", ("Q100001.mp4", "Q100002.mp4"))
    _place_all(place, root / "reference", ("R100001.mp4", "R100002.mp4"))


def write_search_folder(root: Path, place: Place = empty_file) -> None:
    """Q0 and Q1 are copies, Q2 is not, Q3 is missing."""
    write(root / "gt.csv", SEGMENTS_HEADER, "Q0,R1,4.84,15.12,0,10.28", "Q1,R1,0,5,20,25", "Q3,R0,0,5,0,5")
    write(root / "edits.csv", "query_id,edit", "Q0,crop", "Q1,blur+flip", "Q2,none", "Q3,crop")
    _place_all(place, root / "queries", ("Q0.mp4", "Q1.mp4", "Q2.mkv"))
    _place_all(place, root / "refs", ("R0.mp4", "R1.mp4"))


def write_ucf101(root: Path, place: Place = empty_file) -> None:
    """Two classes with two training clips and a test clip each; one training clip is missing."""
    lists = root / "ucfTrainTestlist"
    write(lists / "classInd.txt", "1 Archery", "2 Biking", end="\r\n")
    classes = (("Archery", 1), ("Biking", 2))
    clips = {f"{name}/v_{name}_g{group}_c01.avi": number for name, number in classes for group in ("01", "08", "09")}
    write(
        lists / "trainlist01.txt",
        *(f"{clip} {number}" for clip, number in clips.items() if "_g01_" not in clip),
        end="\r\n",
    )
    write(lists / "testlist01.txt", *(clip for clip in clips if "_g01_" in clip))
    _place_all(place, root / "UCF-101", (clip for clip in clips if clip != "Biking/v_Biking_g09_c01.avi"))


def write_hmdb51(root: Path, place: Place = empty_file) -> None:
    """Two classes with a training and a test clip each, and an unused one; a test clip is missing."""
    lists = root / "testTrainMulti_7030_splits"
    write(lists / "brush_hair_test_split1.txt", "a (1).avi 1 ", "b.avi 2 ", "c.avi 0 ")
    write(lists / "wave_test_split1.txt", "a (1).avi 2 ", "d.avi 1 ")
    _place_all(place, root / "videos", ("brush_hair/a (1).avi", "brush_hair/b.avi", "brush_hair/c.avi", "wave/d.avi"))


def write_jhmdb(root: Path, place: Place = empty_file) -> None:
    """Two classes with a training and a test clip each."""
    write(root / "splits" / "catch_test_split1.txt", "a.avi 1", "b.avi 2")
    write(root / "splits" / "pour_test_split1.txt", "c.avi 1", "d.avi 2")
    _place_all(place, root / "ReCompress_Videos", ("catch/a.avi", "catch/b.avi", "pour/c.avi", "pour/d.avi"))


def write_action_lists(root: Path, place: Place = empty_file) -> None:
    """Lists with a path and a class in each line, in both separators."""
    write(root / "train.txt", "wave/a b.avi 1", "run/c.avi,0")
    write(root / "test.txt", "wave/d.avi 1", "run/e.avi, 0")
    _place_all(place, root / "videos", ("wave/a b.avi", "run/c.avi", "wave/d.avi", "run/e.avi"))


def write_descriptors(path: Path, features: dict[str, list[list[float]]]) -> None:
    """Descriptor file with vectors at 0, 1, 2, ... s of each video."""
    np.savez(
        path,
        video_ids=np.array([name for name, vectors in features.items() for _ in vectors]),
        features=np.array([vector for vectors in features.values() for vector in vectors], dtype=np.float32),
        timestamps=np.array([second for vectors in features.values() for second in range(len(vectors))], np.float32),
    )


WRITERS: dict[str, Callable[[Path], None]] = {
    "madonna": write_madonna,
    "climbing": write_climbing,
    "vcdb": write_vcdb,
    "evve": write_evve,
    "fivr_200k": write_fivr,
    "fivr_5k": write_fivr_5k,
    "cc_web_video": write_cc_web_video,
    "vcsl": write_vcsl,
    "vcsl_val": write_vcsl,
    "vsc2022": write_vsc2022,
    "folder": write_search_folder,
    "ucf101": write_ucf101,
    "hmdb51": write_hmdb51,
    "jhmdb": write_jhmdb,
}
"""Functions by the name of the data set in vdup.datasets.registry."""
