from collections.abc import Iterator
from pathlib import Path

import faiss
import pytest
from pipeline.workshop import Workshop, as_encoder


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Workshop]:
    """Libraries that use the workshop's encoder, decoder and store."""
    made = Workshop(tmp_path)
    monkeypatch.setattr("vdup.pipeline.open_library.build_encoder", lambda model: as_encoder(made.encoder))
    monkeypatch.setattr("vdup.pipeline.open_library.open_store", lambda *arguments: made.store())
    monkeypatch.setattr("vdup.pipeline.indexer.DecoderPool", made.pool)
    monkeypatch.setattr("vdup.pipeline.query_codes.DecoderPool", made.pool)
    # On a busy machine the threads of a small search wait for one another.
    threads = faiss.omp_get_max_threads()
    faiss.omp_set_num_threads(1)
    yield made
    faiss.omp_set_num_threads(threads)
