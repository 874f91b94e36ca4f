"""The mark of the skill, drawn: a spine between two shoulder blades, seen from behind.

One vertebra, between the blades, is warm: that is where it hurts. How far each pixel is from a
shape's edge says how much of it is covered, so that edges are smooth at every size.
"""

from __future__ import annotations

import math
import struct
import zlib
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Colour: TypeAlias = tuple[int, int, int]
Point: TypeAlias = tuple[float, float]

_GROUND: Final[Colour] = (23, 78, 94)
_BLADE: Final[Colour] = (88, 158, 170)
_BONE: Final[Colour] = (240, 246, 246)
_WARM: Final[Colour] = (244, 166, 92)
_SORE: Final = 2  # the third vertebra from the top
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_TRUE_COLOUR: Final = 2


@dataclass(frozen=True, slots=True)
class Shape:
    """A polygon with rounded corners, in units of the picture's width.

    Attributes:
        corners: Its corners, clockwise, each from the left and from the top.
        radius: How far it is blown up, which rounds the corners.
        colour: What it is filled with.
    """

    corners: tuple[Point, ...]
    radius: float
    colour: Colour

    def distance(self, x: float, y: float) -> float:
        """Return how far a point is outside the shape; negative inside."""
        nearest = math.inf
        inside = True
        for (ax, ay), (bx, by) in pairwise((*self.corners, self.corners[0])):
            across, down = bx - ax, by - ay
            along = ((x - ax) * across + (y - ay) * down) / (across**2 + down**2)
            along = min(max(along, 0.0), 1.0)
            nearest = min(nearest, math.hypot(x - ax - along * across, y - ay - along * down))
            inside = inside and across * (y - ay) >= down * (x - ax)
        return (-nearest if inside else nearest) - self.radius


def icon(size: int) -> bytes:
    """Return the mark as a PNG file, so many pixels wide and high."""
    pixels = bytearray(bytes(_GROUND) * size * size)
    for shape in _shapes():
        _fill(pixels, size, shape)
    return _png(pixels, size)


def _shapes() -> Iterator[Shape]:
    blade = ((0.145, -0.2), (0.31, -0.17), (0.3, -0.13), (0.185, 0.06))
    for side in (-1, 1):
        corners = tuple((0.5 + side * x, 0.47 + y) for x, y in blade)
        yield Shape(corners[::side], 0.05, _BLADE)
    for number in range(6):
        half, top = 0.027 + 0.0065 * number, 0.155 + 0.132 * number
        corners = ((0.5 - half, top), (0.5 + half, top), (0.5 + half, top + 0.02))
        yield Shape((*corners, (0.5 - half, top + 0.02)), 0.04, _WARM if number == _SORE else _BONE)


def _fill(pixels: bytearray, size: int, shape: Shape) -> None:
    columns = _range([x for x, _ in shape.corners], shape.radius, size)
    for row in _range([y for _, y in shape.corners], shape.radius, size):
        for column in columns:
            distance = shape.distance((column + 0.5) / size, (row + 0.5) / size) * size
            cover = min(max(0.5 - distance, 0.0), 1.0)
            if cover:
                at = (row * size + column) * 3
                pixels[at : at + 3] = _mixed(pixels[at : at + 3], shape.colour, cover)


def _range(places: Sequence[float], radius: float, size: int) -> range:
    first, last = (min(places) - radius) * size, (max(places) + radius) * size
    return range(max(math.floor(first), 0), min(math.ceil(last) + 1, size))


def _mixed(below: Sequence[int], above: Sequence[int], cover: float) -> bytes:
    return bytes(
        round(one + (other - one) * cover) for one, other in zip(below, above, strict=True)
    )


def _png(pixels: bytearray, size: int) -> bytes:
    """Return pixels as a PNG file. W3C: Portable Network Graphics, 5 and 11."""
    head = struct.pack(">IIBBBBB", size, size, 8, _TRUE_COLOUR, 0, 0, 0)
    width = size * 3
    rows = b"".join(b"\0" + pixels[at : at + width] for at in range(0, len(pixels), width))
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 9)), (b"IEND", b""))
    return _SIGNATURE + b"".join(_chunk(kind, content) for kind, content in parts)


def _chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )
