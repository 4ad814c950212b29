"""FIVR-200K and FIVR-5K: mean average precision of four tasks."""

from functools import partial

from vdup.datasets.fivr import Fivr
from vdup.evaluation.incidents import RELEVANT_LABELS, IncidentScores, incident_scores
from vdup.evaluation.ranking import RECALL_LEVELS
from vdup.protocols.answers import Similarities, Workplace, similarities_of
from vdup.protocols.outcome import Breakdown, Measure, Outcome, Plot, counted
from vdup.protocols.published import FIVR_200K
from vdup.report.plots import plot_precision_recall, plot_score_histogram


def evaluate_fivr(dataset: Fivr, place: Workplace) -> Outcome:
    """Ranks the collection for every query and measures DSVR, CSVR, ISVR and DAVR.

    Raises:
        ConfigError: no video is there, or the file of predictions cannot be read.
    """
    found = similarities_of(place, dataset.queries, dataset.references)
    scores = {task: incident_scores(found.by_query, dataset.labels, found.available, task) for task in RELEVANT_LABELS}
    return Outcome(
        dataset=dataset.name,
        protocol="incident retrieval (FIVR)",
        definition=(
            "The collection without the query is ranked for every query; average precision over the relevant videos "
            "that are available; mean over queries. DSVR: ND, DS; CSVR: also CS; ISVR: also IS; DAVR: DA."
        ),
        answers=place.answers,
        queries=counted(dataset.queries, found.by_query.keys()),
        references=counted(dataset.references, found.available),
        measures=tuple(Measure(f"{task} mAP", result.mean_average_precision) for task, result in scores.items()),
        breakdowns=(_counts(scores), _curves(scores)),
        published=FIVR_200K if dataset.name == "FIVR-200K" else (),
        notes=("Queries without an available relevant video enter no mean; the table tells how many.",),
        skipped=dataset.skipped,
        unreadable=found.unreadable,
        plots={
            "precision_recall": partial(
                plot_precision_recall,
                curves={task: (RECALL_LEVELS, result.interpolated_precisions) for task, result in scores.items()},
            ),
            "scores_dsvr": _histogram(dataset, found),
        },
    )


def _counts(scores: dict[str, IncidentScores]) -> Breakdown:
    rows = tuple((task, str(len(result.by_query)), str(result.without_relevant)) for task, result in scores.items())
    return Breakdown("queries of each task", ("task", "measured", "without a relevant video"), rows)


def _curves(scores: dict[str, IncidentScores]) -> Breakdown:
    rows = tuple(
        (f"{level:.2f}", *(f"{result.interpolated_precisions[row]:.4f}" for result in scores.values()))
        for row, level in enumerate(RECALL_LEVELS.tolist())
    )
    return Breakdown("interpolated precision", ("recall", *scores), rows, on_screen=False)


def _histogram(dataset: Fivr, found: Similarities) -> Plot:
    """Scores of near duplicates and duplicate scenes, and of all other videos."""
    copies: list[float] = []
    others: list[float] = []
    for query, scores in found.by_query.items():
        relevant = {name for label in RELEVANT_LABELS["DSVR"] for name in dataset.labels[query][label]}
        for name, score in scores.items():
            if name != query:
                (copies if name in relevant else others).append(score)
    return partial(plot_score_histogram, copies=copies, others=others)
