"""Figures of publications, to be shown beside measured ones; shares of 1.

Each says from where it was taken and what must hold for a comparison. They are the authors' figures and were not
measured again.
"""

from vdup.protocols.outcome import Published

_VIDEOALIGNMENT = "README of facebookresearch/videoalignment, the code of LAMV (CVPR 2018)"
_VVS = "table in the README of sejong-rcv/VVS, after the publications of each method"
_VCSL = "READMEs of VCSL (CVPR 2022) and TransVCL (AAAI 2023)"
_VSC = "baseline documentation of VSC2022"
_LEADERBOARD = "final leaderboard of the Video Similarity Challenge"

_RMAC = "comparable with the published R-MAC features of ResNet-34 and all videos present"
_POULLOT = "TMK_Poullot (R-MAC)"
_TMK = "TMK feat_freq (R-MAC)"


def _row(names: tuple[str, ...], method: str, values: tuple[float, ...], source: str, comparable: str) -> Published:
    return Published(method, dict(zip(names, values, strict=True)), source, comparable)


def _rows(
    names: tuple[str, ...], source: str, comparable: str, figures: dict[str, tuple[float, ...]]
) -> tuple[Published, ...]:
    return tuple(_row(names, method, values, source, comparable) for method, values in figures.items())


_ERRORS = ("error < 0.1 s", "error < 1 s", "error < 10 s")

MADONNA = _rows(_ERRORS, _VIDEOALIGNMENT, _RMAC, {_POULLOT: (0.0913, 0.3652, 0.6478), _TMK: (0.3391, 0.7000, 0.7696)})
CLIMBING = _rows(_ERRORS, _VIDEOALIGNMENT, _RMAC, {_POULLOT: (0.0, 0.0337, 0.2247), _TMK: (0.1461, 0.2809, 0.3483)})
VCDB_KNOWN_BOUNDS = _rows(
    ("best F1",),
    _VIDEOALIGNMENT,
    _RMAC + "; not with the VCDB paper (unknown bounds) nor with VCSL's measure",
    {_POULLOT: (0.6602,), _TMK: (0.6730,)},
)
EVVE_VIDEOALIGNMENT = _rows(
    ("mAP (videoalignment)",), _VIDEOALIGNMENT, _RMAC, {_POULLOT: (0.5153,), _TMK: (0.5343,)}
) + _rows(
    ("mAP (videoalignment)",),
    _VIDEOALIGNMENT,
    _RMAC + ", and dataset.expansion=aqe dataset.nearest=10",
    {f"{_TMK} + query expansion, N1 = 10": (0.5836,)},
)

_FIVR_NAMES = ("DSVR mAP", "CSVR mAP", "ISVR mAP")
_FIVR_ALL = "comparable on FIVR-200K with all 100 queries and 225,960 videos present"
FIVR_200K = _rows(
    _FIVR_NAMES,
    _VVS,
    _FIVR_ALL,
    {
        "TN (frames)": (0.724, 0.699, 0.589),
        "DP (frames)": (0.775, 0.740, 0.632),
        "TCA_f": (0.877, 0.830, 0.703),
        "ViSiL_f": (0.843, 0.797, 0.660),
        "ViSiL_sym": (0.833, 0.792, 0.654),
        "ViSiL_v": (0.892, 0.841, 0.702),
        "DnS S_fA": (0.921, 0.875, 0.741),
        "DML (one vector)": (0.398, 0.378, 0.309),
        "TMK (one vector)": (0.417, 0.394, 0.319),
        "LAMV (one vector)": (0.489, 0.459, 0.364),
        "DnS S_c (one vector)": (0.574, 0.558, 0.476),
        "VVS3840 (one vector)": (0.711, 0.689, 0.590),
    },
)
CC_WEB_VIDEO = _rows(
    ("cc mAP", "cc* mAP", "cc_c mAP", "cc*_c mAP"),
    _VVS,
    "comparable with all videos present",
    {
        "TN": (0.978, 0.965, 0.991, 0.987),
        "DP": (0.975, 0.958, 0.990, 0.982),
        "TCA_f": (0.983, 0.969, 0.994, 0.990),
        "ViSiL_v": (0.985, 0.971, 0.996, 0.993),
        "DnS S_fA": (0.984, 0.973, 0.995, 0.992),
        "DML (one vector)": (0.971, 0.941, 0.979, 0.959),
        "DnS S_c (one vector)": (0.972, 0.952, 0.980, 0.967),
        "VVS3840 (one vector)": (0.975, 0.955, 0.984, 0.973),
    },
)
VCSL_TEST = _rows(
    ("recall (micro)", "precision (micro)", "F1 (micro)"),
    _VCSL,
    "comparable on the test split with ISC features and all 55,530 pairs present",
    {
        "HV": (0.8694, 0.3683, 0.5173),
        "TN": (0.7525, 0.5180, 0.6136),
        "DP": (0.4948, 0.6061, 0.5448),
        "DTW": (0.4510, 0.5667, 0.5023),
        "SPD": (0.5649, 0.6860, 0.6196),
        "TransVCL": (0.6559, 0.6746, 0.6651),
    },
)
_VSC_TRAIN = "comparable on the training split with all 8,404 queries and 40,311 references present"
VSC2022_DESCRIPTORS = _rows(
    ("descriptor micro-AP",),
    _VSC,
    _VSC_TRAIN,
    {
        "SSCD": (0.4754,),
        "SSCD + score normalisation": (0.6499,),
        "DINO + score normalisation": (0.4402,),
        "DnS + score normalisation": (0.4129,),
    },
) + _rows(
    ("descriptor micro-AP",),
    _LEADERBOARD,
    "of the second phase, on a split whose truth is not the training split's: a guide only",
    {"first place": (0.8717,), "third place": (0.8362,)},
)
VSC2022_MATCHING = _rows(
    ("segment AP",),
    _VSC,
    _VSC_TRAIN,
    {
        "SSCD + Temporal Network": (0.3650,),
        "SSCD + score normalisation + Temporal Network": (0.4692,),
        "DINO + score normalisation + Temporal Network": (0.3393,),
        "DnS + score normalisation + Temporal Network": (0.3211,),
    },
) + _rows(
    ("segment AP",),
    _LEADERBOARD,
    "of the second phase, on a split whose truth is not the training split's: a guide only",
    {"first place": (0.9153,), "second place": (0.7711,), "third place": (0.7036,)},
)

_C3D = "README of zhongzhh8/Video-Retrieval-C3D"
_C3D_CHOSEN_ON_TEST = (
    "an upper reading: their checkpoint was chosen on the test clips, and their rule for ties is not stated"
)
_HASH_AP = ("mAP (ties: order of the list)",)

ACTION_HASHING = {
    "ucf101": _rows(
        _HASH_AP,
        _C3D,
        _C3D_CHOSEN_ON_TEST,
        {
            "48 bits, 16 frames": (0.7116,),
            "48 bits, 32 frames": (0.7204,),
            "64 bits, 32 frames": (0.7724,),
        },
    ),
    "hmdb51": _rows(
        _HASH_AP, _C3D, _C3D_CHOSEN_ON_TEST, {"48 bits, 16 frames": (0.4627,), "48 bits, 32 frames": (0.4763,)}
    ),
    "jhmdb": _rows(
        _HASH_AP, _C3D, _C3D_CHOSEN_ON_TEST, {"16 bits, 10 frames": (0.4338,), "48 bits, 15 frames": (0.5487,)}
    ),
}
"""By the name of the data set."""
