from __future__ import annotations

import struct
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scripts import draw_screenshots
from scripts.draw_screenshots import DrawingError, main, packed

if TYPE_CHECKING:
    from pathlib import Path

SIGNATURE = b"\x89PNG\r\n\x1a\n"
STEP = 3


def png(width: int, lines: list[tuple[int, bytes]], colours: int = 2) -> bytes:
    """Return a PNG of lines that are filtered already."""
    data = b"".join(bytes([kind]) + line for kind, line in lines)
    header = struct.pack(">IIBBBBB", width, len(lines), 8, colours, 0, 0, 0)
    chunks = [(b"IHDR", header), (b"IDAT", zlib.compress(data)), (b"IEND", b"")]
    return SIGNATURE + b"".join(
        struct.pack(">I", len(content))
        + name
        + content
        + struct.pack(">I", zlib.crc32(name + content))
        for name, content in chunks
    )


def filtered(kind: int, line: bytes, above: bytes) -> bytes:
    """Filter a line as the specification of PNG says, from its definitions."""
    made = []
    for index, value in enumerate(line):
        a = line[index - STEP] if index >= STEP else 0
        b = above[index]
        c = above[index - STEP] if index >= STEP else 0
        distances = (abs(b - c), abs(a - c), abs(a + b - 2 * c))
        paeth = (a, b, c)[distances.index(min(distances))]
        made.append(value - (0, a, b, (a + b) // 2, paeth)[kind] & 0xFF)
    return bytes(made)


@given(data=st.data(), width=st.integers(1, 5), height=st.integers(1, 5))
def test_a_packed_picture_is_the_same_picture(data: st.DataObject, width: int, height: int) -> None:
    length = width * STEP
    pixels = [data.draw(st.binary(min_size=length, max_size=length)) for _ in range(height)]
    kinds = [data.draw(st.integers(0, 4)) for _ in range(height)]
    lines = [
        (kind, filtered(kind, line, above))
        for kind, line, above in zip(kinds, pixels, [bytes(length), *pixels], strict=False)
    ]
    assert packed(png(width, lines)) == packed(png(width, [(0, line) for line in pixels]))
    start = packed(png(width, lines)).index(b"IDAT") + 4
    unpacked = zlib.decompressobj().decompress(packed(png(width, lines))[start:])
    assert unpacked == b"".join(b"\0" + line for line in pixels)


@pytest.mark.parametrize("drawn", [b"", SIGNATURE, png(1, [(0, b"\0")], colours=0)])
def test_another_kind_of_picture_is_refused(drawn: bytes) -> None:
    with pytest.raises(DrawingError, match="expected a PNG"):
        packed(drawn)


def test_without_chromium_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert main([str(tmp_path)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("draw_screenshots: no chromium was found")
    assert error.count("\n") == 1


def test_the_pictures_of_the_readme_are_small_enough() -> None:
    drawn = sorted(draw_screenshots.PICTURES.glob("*.png"))
    assert [path.stem for path in drawn] == sorted(
        picture.name for picture in draw_screenshots.PICTURE_LIST
    )
    assert all(path.stat().st_size < 150_000 for path in drawn)
