import struct
from pathlib import Path

import numpy as np
import pytest
import t7_writer as t7

from vdup.errors import WeightsError
from vdup.features.t7 import read_t7, read_t7_tensor

MATRIX = np.arange(12, dtype=np.float32).reshape(3, 4)


def written(folder: Path, data: bytes) -> Path:
    path = folder / "file.t7"
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("kind", sorted(t7.CLASS_NAMES))
def test_tensor_of_every_element_type(tmp_path: Path, kind: str) -> None:
    array = np.array([[1, 2, 3], [4, 5, 100]], dtype=f"<{kind}" if kind[1] != "1" else kind)
    result = read_t7_tensor(written(tmp_path, t7.tensor(array)))
    assert result.dtype == array.dtype
    np.testing.assert_array_equal(result, array)


def test_transposed_view_with_offset(tmp_path: Path) -> None:
    stored = t7.storage(2, np.arange(20, dtype=np.float64))
    data = t7.torch_object(1, "torch.DoubleTensor", t7.tensor_body([2, 3], [1, 4], 6, stored))
    expected = [[5 + row + 4 * column for column in range(3)] for row in range(2)]
    np.testing.assert_array_equal(read_t7_tensor(written(tmp_path, data)), expected)


def test_result_outlives_and_may_be_changed(tmp_path: Path) -> None:
    result = read_t7_tensor(written(tmp_path, t7.tensor(MATRIX)))
    result[0, 0] = 9
    assert result[0, 0] == 9


def test_table_with_shared_objects(tmp_path: Path) -> None:
    data = t7.table(
        1,
        (t7.string("mean"), t7.tensor(MATRIX, index=2)),
        (t7.string("again"), t7.reference(4, 2)),
        (t7.string("self"), t7.reference(3, 1)),
        (t7.number(1), t7.boolean(True)),
        (t7.string("none"), t7.nil()),
    )
    result = read_t7(written(tmp_path, data))
    assert isinstance(result, dict)
    assert result["again"] is result["mean"]
    assert result["self"] is result
    assert result[1.0] is True
    assert result["none"] is None


def test_class_name_without_version(tmp_path: Path) -> None:
    body = t7.tensor_body([2], [1], 1, t7.storage(2, np.array([3, 4], dtype=np.float32)))
    data = t7.torch_object(1, "torch.FloatTensor", body, version=None)
    np.testing.assert_array_equal(read_t7_tensor(written(tmp_path, data)), [3, 4])


def test_empty_tensor_has_no_storage(tmp_path: Path) -> None:
    data = t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([], [], 1, t7.nil()))
    assert read_t7_tensor(written(tmp_path, data)).size == 0


def test_every_truncation_is_refused(tmp_path: Path) -> None:
    data = t7.table(1, (t7.string("x"), t7.tensor(MATRIX, index=2)), (t7.number(2), t7.boolean(False)))
    for length in range(len(data)):
        with pytest.raises(WeightsError, match="not a usable Torch 7 file"):
            read_t7(written(tmp_path, data[:length]))


def test_random_damage_never_escapes_as_another_error(tmp_path: Path) -> None:
    data = t7.table(1, (t7.string("x"), t7.tensor(MATRIX, index=2)))
    random = np.random.default_rng(0)
    refused = 0
    for _ in range(500):
        damaged = bytearray(data)
        for position in random.integers(0, len(data), 3):
            damaged[position] = random.integers(0, 256)
        try:
            read_t7(written(tmp_path, bytes(damaged)))
        except WeightsError:
            refused += 1
    assert refused > 100


FLOATS = t7.storage(2, np.zeros(4, dtype=np.float32))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (struct.pack("<i", 6), "type 6"),
        (struct.pack("<i", 77), "type 77"),
        (t7.torch_object(1, "nn.Linear", b""), "nn.Linear"),
        (t7.torch_object(1, "torch.CudaTensor", b""), "CudaTensor"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([5], [1], 1, FLOATS)), "beyond its storage"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([4], [1], 2, FLOATS)), "beyond its storage"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([1 << 40], [0], 1, FLOATS)), "beyond its storage"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([2], [-1], 2, FLOATS)), "strides"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([-2], [1], 1, FLOATS)), "sizes"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([2], [1], 0, FLOATS)), "offset"),
        (t7.torch_object(1, "torch.DoubleTensor", t7.tensor_body([2], [1], 1, FLOATS)), "storage of its type"),
        (t7.torch_object(1, "torch.FloatTensor", t7.tensor_body([2], [1], 1, t7.number(1))), "storage of its type"),
        (t7.torch_object(1, "torch.FloatTensor", struct.pack("<i", 1000)), "axes"),
        (t7.storage(1, np.zeros(2, dtype=np.float32), count=1 << 60), "does not fit"),
        (t7.storage(1, np.zeros(2, dtype=np.float32), count=-1), "does not fit"),
        (t7.table(1, (t7.nil(), t7.number(1))), "as key"),
        (t7.table(1, (t7.number(1), t7.reference(4, 1))), "used as a tensor"),
        (b"".join(t7.table(n, (t7.number(1), b"")) for n in range(100)), "nested"),
        (FLOATS, "bare storage"),
    ],
)
def test_odd_files_are_refused(tmp_path: Path, data: bytes, reason: str) -> None:
    with pytest.raises(WeightsError, match=reason):
        read_t7(written(tmp_path, data))


def test_tensor_is_wanted(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="holds a float"):
        read_t7_tensor(written(tmp_path, t7.number(3)))


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"missing\.t7"):
        read_t7(tmp_path / "missing.t7")
