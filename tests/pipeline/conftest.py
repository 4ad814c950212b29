from collections.abc import Iterator
from pathlib import Path

import faiss
import pytest
import torch
from pipeline.workshop import Workshop, as_encoder


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Small searches gain nothing from more threads, and on a busy machine those wait for one another."""
    faiss_threads, torch_threads = faiss.omp_get_max_threads(), torch.get_num_threads()
    faiss.omp_set_num_threads(1)
    torch.set_num_threads(1)
    yield
    faiss.omp_set_num_threads(faiss_threads)
    torch.set_num_threads(torch_threads)


@pytest.fixture
def workshop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, one_thread: None) -> Workshop:
    """Libraries that use the workshop's encoder, decoder and store."""
    made = Workshop(tmp_path)
    monkeypatch.setattr("vdup.pipeline.open_library.build_encoder", lambda model: as_encoder(made.encoder))
    monkeypatch.setattr("vdup.pipeline.open_library.open_store", lambda *arguments: made.store())
    monkeypatch.setattr("vdup.pipeline.open_library.open_store_to_read", lambda *arguments: made.store())
    monkeypatch.setattr("vdup.pipeline.indexer.DecoderPool", made.pool)
    monkeypatch.setattr("vdup.pipeline.query_codes.DecoderPool", made.pool)
    return made
