"""CC_WEB_VIDEO: mean average precision in its four forms."""

from functools import partial

from vdup.datasets.cc_web_video import POSITIVE_LABELS, CcWebVideo
from vdup.evaluation.near_duplicates import FORMS, near_duplicate_scores
from vdup.protocols.answers import Similarities, Workplace, similarities_of
from vdup.protocols.outcome import Measure, Outcome, Plot, counted
from vdup.protocols.published import CC_WEB_VIDEO
from vdup.report.plots import plot_score_histogram


def evaluate_cc_web_video(dataset: CcWebVideo, place: Workplace) -> Outcome:
    """Ranks all videos for every seed and measures cc, cc*, cc_c and cc*_c.

    Raises:
        ConfigError: no video is there, or the file of predictions cannot be read.
    """
    found = similarities_of(place, dataset.queries, dataset.references, dataset.names)
    searched = counted(dataset.references, found.available)
    cleaned = all(members.excluded is not None for members in dataset.query_sets)
    forms = [form for form in FORMS if cleaned or not form.cleaned]
    measures = []
    for form in forms:
        scores = near_duplicate_scores(found.by_query, dataset.query_sets, form, found.available)
        measures.append(Measure(f"{form.name} mAP", scores.published))
        if searched.missing:
            measures.append(Measure(f"{form.name} mAP (positives present)", scores.among_available))
    notes = ["The query stays in its own ranking, as in the published evaluation."]
    if not cleaned:
        notes.append("cc_web_video.pickle is missing, which tells what the cleaned labels leave out: no cc_c, cc*_c.")
    if searched.missing:
        notes.append("Positives that are missing count as never found, but for the lines 'positives present'.")
    return Outcome(
        dataset=dataset.name,
        protocol="near-duplicate retrieval (CC_WEB_VIDEO)",
        definition=(
            "Average precision of the positives (E, S, V, M, L), mean over the seeds. cc: only the seed's own set is "
            "ranked; cc*: all videos; _c: cleaned labels."
        ),
        answers=place.answers,
        queries=counted(dataset.queries, found.by_query.keys()),
        references=searched,
        measures=tuple(measures),
        published=CC_WEB_VIDEO,
        notes=tuple(notes),
        skipped=dataset.skipped,
        unreadable=found.unreadable,
        plots={"scores": _histogram(dataset, found)},
    )


def _histogram(dataset: CcWebVideo, found: Similarities) -> Plot:
    """Scores of positives and of all other videos."""
    copies: list[float] = []
    others: list[float] = []
    for members in dataset.query_sets:
        for name, score in found.by_query.get(members.seed, {}).items():
            if name != members.seed:
                (copies if members.labels.get(name) in POSITIVE_LABELS else others).append(score)
    return partial(plot_score_histogram, copies=copies, others=others)
