from collections.abc import Iterator

import faiss
import pytest


@pytest.fixture(autouse=True, scope="package")
def one_faiss_thread() -> Iterator[None]:
    """Small searches gain nothing from more threads, and on a busy machine those wait for one another."""
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield
    faiss.omp_set_num_threads(threads)
