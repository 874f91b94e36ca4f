#!/usr/bin/env python3
"""Draw the pictures of the simulator's page in docs/pictures.

A conversation is held in a real Chromium, in a wide window and on a phone, in light and in dark.
Chromium and a voice have to be installed (on Debian: apt install chromium flite).
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import struct
import sys
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from playwright.sync_api import Error, expect, sync_playwright

from scripts.browsing import launched_chromium, served_page
from scripts.simulator.voice.speaking import find_speaker
from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from playwright.sync_api import Browser, Page

ROOT: Final = Path(__file__).resolve().parents[1]
PICTURES: Final = ROOT / "docs" / "pictures"

_MOST_BYTES: Final = 150_000
_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_DEPTH: Final = 8
_FAILED: Final = 1
_MOST_WAIT_MS: Final = 20_000


@dataclass(frozen=True, slots=True)
class Picture:
    """One picture.

    Attributes:
        name: The name of its file, without the ending.
        width: Of the window.
        height: Of the window.
        scheme: In which colours.
        said: What is said to the device; the picture shows how it answers the last of it.
    """

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"]
    said: Sequence[str]


PICTURE_LIST: Final = (
    Picture(
        *("page", 1180, 736, "light"),
        ("open upper back check", "no", "I've had cancer"),
    ),
    Picture(
        *("phone", 360, 760, "dark"),
        ("open upper back check", "my chest feels tight"),
    ),
)


class DrawingError(SkillError):
    """A picture cannot be drawn."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Draw the pictures and return the exit status."""
    options = _options(arguments)
    try:
        draw(options.folder)
    except (OSError, SkillError) as error:
        print(f"draw_screenshots: {error}", file=sys.stderr)
        return _FAILED
    except (AssertionError, Error) as error:
        reason = str(error).splitlines()[0]
        print(f"draw_screenshots: the page did not come so far: {reason}", file=sys.stderr)
        return _FAILED
    return 0


def draw(folder: Path) -> None:
    """Draw all pictures into a folder.

    Raises:
        SkillError: Something that is needed is missing, or a picture is too large.
        OSError: The folder cannot be written to.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with served_page(find_speaker()) as url, sync_playwright() as playwright:
        # Letters without coloured edges look the same on every screen, and are smaller.
        browser = launched_chromium(playwright, "--disable-lcd-text")
        for picture in PICTURE_LIST:
            file = folder / f"{picture.name}.png"
            file.write_bytes(packed(_drawn(browser, url, picture)))
            size = file.stat().st_size
            print(f"{file}: {size:,} bytes")
            if size > _MOST_BYTES:
                raise DrawingError(f"{file}: expected at most {_MOST_BYTES:,} bytes")
        browser.close()


def _drawn(browser: Browser, url: str, picture: Picture) -> bytes:
    page = browser.new_page(
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.scheme,
        reduced_motion="reduce",  # so that two drawings are alike
    )
    page.set_default_timeout(_MOST_WAIT_MS)
    page.goto(url)
    for count, utterance in enumerate(picture.said, start=1):
        _say(page, utterance, count)
    drawn = page.screenshot()
    page.close()
    return drawn


def _say(page: Page, utterance: str, count: int) -> None:
    page.get_by_label("What you say").fill(utterance)
    page.get_by_role("button", name="Say", exact=True).click()
    expect(page.locator(".skill")).to_have_count(count, timeout=_MOST_WAIT_MS)
    speaking = page.locator('[data-state="speaking"]')
    expect(speaking).to_have_count(1, timeout=_MOST_WAIT_MS)


def packed(png: bytes) -> bytes:
    """Return the same picture in fewer bytes.

    What a browser writes is filtered as photographs are best packed; flat areas and letters
    pack a quarter smaller as they are.

    Raises:
        DrawingError: It is no PNG of the kind that Chromium draws.
    """
    chunks = list(_chunks(png))
    header = dict(chunks).get(b"IHDR", bytes(13))
    width, height, depth, colours, *_, interlaced = struct.unpack(">IIBBBBB", header)
    pixel_bytes = {2: 3, 6: 4}.get(colours, 0)
    if not pixel_bytes or depth != _DEPTH or interlaced:
        raise DrawingError("expected a PNG of 8-bit colours in plain order")
    filtered = zlib.decompress(b"".join(data for name, data in chunks if name == b"IDAT"))
    lines = _unfiltered(filtered, width * pixel_bytes, height, pixel_bytes)
    pixels = b"".join(b"\0" + line for line in lines)
    kept = [(b"IHDR", header), (b"IDAT", zlib.compress(pixels, 9)), (b"IEND", b"")]
    return _SIGNATURE + b"".join(
        struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
        for name, data in kept
    )


def _chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    at = len(_SIGNATURE)
    while at < len(png):
        (length,) = struct.unpack(">I", png[at : at + 4])
        yield png[at + 4 : at + 8], png[at + 8 : at + 8 + length]
        at += length + 12


def _unfiltered(data: bytes, length: int, height: int, step: int) -> Iterator[bytes]:
    """Give the lines of a picture, as "PNG Specification", 9, has it."""
    above = bytearray(length + step)
    for row in range(height):
        kind, *values = data[row * (length + 1) : (row + 1) * (length + 1)]
        line = bytearray(step)  # stands left of the first pixel
        for index, value in enumerate(values):
            a, b, c = line[index], above[index + step], above[index]
            line.append(value + _predicted(kind, a, b, c) & 0xFF)
        above = line
        yield bytes(line[step:])


def _predicted(kind: int, left: int, above: int, corner: int) -> int:
    match kind:
        case 1:
            return left
        case 2:
            return above
        case 3:
            return (left + above) // 2
        case 4:
            guess = left + above - corner
            return min((left, above, corner), key=lambda one: abs(guess - one))
        case _:
            return 0


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/draw_screenshots.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "folder",
        nargs="?",
        type=Path,
        default=PICTURES,
        help="where to draw them (docs/pictures)",
    )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
