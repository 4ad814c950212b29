from pathlib import Path

import pytest

from vdup.video.damage import describe_damage, unreadable_reason


def box(kind: bytes, content: bytes = b"", size: int | None = None) -> bytes:
    return (len(content) + 8 if size is None else size).to_bytes(4, "big") + kind + content


FTYP = box(b"ftyp", b"isom" * 4)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "the file is empty"),
        (b"a", "holds text"),
        ("é".encode() * 5000, "holds text"),
        (b"\x00" * 9, "zeros only"),
        (b"\x89\x01\xff" * 100, "not a video"),
        (FTYP, "moov box) is missing"),
        (FTYP + box(b"mdat", b"x" * 50), "moov box) is missing"),
        (FTYP + box(b"mdat", b"x" * 50, size=900), "is missing and its data is cut short"),
        (FTYP + box(b"mdat", (900).to_bytes(8, "big") + b"x" * 50, size=1), "is missing and its data is cut short"),
        (FTYP + box(b"mdat", b"x" * 50, size=0), "moov box) is missing"),
        (FTYP + box(b"moov", b"x" * 50, size=900), "moov box) is cut short"),
        (FTYP + box(b"moov", b"x" * 50), "but it is damaged"),
        (FTYP + box(b"free", b"", size=3), "moov box) is missing"),
    ],
)
def test_description(tmp_path: Path, content: bytes, text: str) -> None:
    path = tmp_path / "x.mp4"
    path.write_bytes(content)
    assert unreadable_reason(path) is None
    assert text in describe_damage(path)


def test_unreadable(tmp_path: Path) -> None:
    assert unreadable_reason(tmp_path) == "is a folder, not a video file"
    assert unreadable_reason(tmp_path / "none") == "there is no such file"
    assert unreadable_reason(Path("/dev/null")) == "cannot be read: it is a device, not a regular file"
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    assert "cannot be read" in (unreadable_reason(tmp_path / "loop") or "")
