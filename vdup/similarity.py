"""Command: how alike whole videos are. ``python -m vdup.similarity queries=FILE database=FILE output=FILE.json``."""

from vdup.command import ALL_WELL, FAILED, run
from vdup.config import SimilarityJobConfig
from vdup.hydra_schema import register


def similarity(config: SimilarityJobConfig) -> int:
    """Compares every query with every video of the database and writes it; 1 when a video could not be read."""
    from vdup.datasets.video_list import read_video_list
    from vdup.report.output import check_output

    check_output(config.output, (".json",))
    queries, database = read_video_list(config.queries), read_video_list(config.database)
    # Behind the checks, which must not wait for torch.
    from vdup.protocols.similarity_table import compare_all, forget_work, unit_of_work
    from vdup.report.progress import ProgressDisplay
    from vdup.report.similarity_file import print_similarities, write_similarities

    with ProgressDisplay("comparing", unit=unit_of_work(config)) as display:
        table = compare_all(config, queries, database, display.compared)
    write_similarities(config.output, table.by_query)
    print_similarities(table.by_query, table.unreadable, config.output)
    if table.unreadable:
        return FAILED
    forget_work(config)
    return ALL_WELL


def main() -> None:
    """Runs the command."""
    register()
    run("similarity", SimilarityJobConfig, similarity)


if __name__ == "__main__":
    main()
