#!/usr/bin/env python3
"""Measure the simulator's page in a real Chromium, and hold it against its budget.

A conversation is held on the page, typed, in a wide, a middling and a narrow window. Measured are
the bytes of the page and all that it loads, how far anything moved by itself while the device
spoke, the time from a typed turn to its answer on the screen and to the beginning of its speech
(medians), and to which hosts the page sent requests. Chromium and a voice have to be installed
(on Debian: apt install chromium flite). The exit status is 1 when a figure is over its budget.
"""

from __future__ import annotations

if not __package__:  # started as a file, with whatever Python is at hand
    import own_environment  # type: ignore[import-not-found]  # beside this file

    own_environment.go_on_as_module(__file__)

import argparse
import sys
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from playwright.sync_api import Error, expect, sync_playwright

from scripts.browsing import launched_chromium, served_page
from scripts.simulator.serving import HOST
from scripts.simulator.voice.speaking import find_speaker
from skill.errors import SkillError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from playwright.sync_api import Browser, Page, Request, ViewportSize

MOST_BYTES: Final = 100_000
MOST_SEEN_MS: Final = 150
MOST_HEARD_MS: Final = 500

_OVER_BUDGET: Final = 1
_UNUSABLE: Final = 2
_MOST_WAIT_MS: Final = 20_000
_WINDOWS: Final[Sequence[ViewportSize]] = (
    {"width": 1280, "height": 800},
    {"width": 820, "height": 1100},
    {"width": 320, "height": 640},
)
_OPENING: Final = "open upper back check"
# An answer, something not understood, advice: each has other things to show.
_SAID: Final = ("no", "blah fnord", "why do you ask", "my chest feels tight")

# Lighthouse leaves out what moves soon after a key or a click. Here all is counted: the words that
# come must move nothing either.
_WATCH_SHIFTS: Final = """
    window.shifts = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) window.shifts += entry.value;
    }).observe({ type: "layout-shift", buffered: true });
"""
# From handing in the words to the frame in which something shows. The observers wait from the
# beginning, for a speech may be over before anybody looks.
_TYPED_TURN: Final = """
async (said) => {
  const box = document.querySelector("#words");
  const log = document.querySelector("#transcript");
  const device = document.querySelector("#device");
  const seen = (target, options, condition) => new Promise((resolve) => {
    const observer = new MutationObserver(() => {
      if (!condition()) return;
      observer.disconnect();
      requestAnimationFrame(() => resolve(performance.now()));
    });
    observer.observe(target, options);
  });
  const lines = log.querySelectorAll(".skill").length;
  box.value = said;
  const started = performance.now();
  const answered = seen(log, { childList: true },
    () => log.querySelectorAll(".skill").length > lines);
  const spoken = seen(device, { attributes: true }, () => device.dataset.state === "speaking");
  document.querySelector("#typing").requestSubmit();
  return [await answered - started, await spoken - started];
}
"""


@dataclass(frozen=True, slots=True)
class Figures:
    """What was measured.

    Attributes:
        page_bytes: Of the page and all that it loads before anything is said.
        hosts: To which requests went.
        request_count: How many did.
        shift: The sum of all layout shifts while the device spoke, 0 for none.
        seen_ms: From each typed turn to its answer on the screen.
        heard_ms: From each typed turn to the beginning of its speech.
    """

    page_bytes: int
    hosts: frozenset[str]
    request_count: int
    shift: float
    seen_ms: tuple[float, ...]
    heard_ms: tuple[float, ...]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the figures and return the exit status."""
    options = _options(arguments)
    try:
        speaker = find_speaker()
        with served_page(speaker) as url, sync_playwright() as playwright:
            browser = launched_chromium(playwright)
            try:
                figures = measured(browser, url)
            finally:
                browser.close()
    except SkillError as error:
        print(f"measure_page: {error}", file=sys.stderr)
        return _UNUSABLE
    except (AssertionError, Error) as error:
        reason = str(error).splitlines()[0]
        print(f"measure_page: the page did not come so far: {reason}", file=sys.stderr)
        return _UNUSABLE
    print(f"voice: {speaker.description}")
    return show(figures, options.most_seen_ms, options.most_heard_ms)


def measured(browser: Browser, url: str) -> Figures:
    """Hold a conversation in each window and return what was measured.

    Raises:
        Error: The page did not come so far.
    """
    return _together([_measured_in(browser, url, window) for window in _WINDOWS])


def _measured_in(browser: Browser, url: str, window: ViewportSize) -> Figures:
    context = browser.new_context(viewport=window)
    page = context.new_page()
    page.set_default_timeout(_MOST_WAIT_MS)
    page.add_init_script(_WATCH_SHIFTS)
    requests: list[Request] = []
    # Playwright marks its handlers, which a method of a list does not bear.
    context.on("request", lambda request: requests.append(request))  # noqa: PLW0108
    page.goto(url)
    expect(page.get_by_label("Locale")).not_to_be_empty(timeout=_MOST_WAIT_MS)
    page_bytes = sum(map(_body_bytes, requests))
    _take_turn(page, _OPENING)  # makes what later turns find ready
    page.evaluate("window.shifts = 0")
    seen_ms, heard_ms = zip(*(_take_turn(page, said) for said in _SAID), strict=True)
    shift = page.evaluate("window.shifts")
    context.close()
    # What the page made itself, as a recording to play, has no host.
    asked = [request.url for request in requests if not request.url.startswith("blob:")]
    hosts = frozenset(urlsplit(one).hostname or one for one in asked)
    return Figures(page_bytes, hosts, len(asked), shift, seen_ms, heard_ms)


def _together(windows: Sequence[Figures]) -> Figures:
    return Figures(
        max(one.page_bytes for one in windows),
        frozenset().union(*(one.hosts for one in windows)),
        sum(one.request_count for one in windows),
        sum(one.shift for one in windows),
        tuple(ms for one in windows for ms in one.seen_ms),
        tuple(ms for one in windows for ms in one.heard_ms),
    )


def _body_bytes(request: Request) -> int:
    """Return how long a file is that was asked for; what is posted is talk."""
    response = request.response() if request.method == "GET" else None
    return 0 if response is None else len(response.body())


def _take_turn(page: Page, said: str) -> tuple[float, float]:
    """Say something, listen to what is answered, and return what it took, in milliseconds."""
    seen_ms, heard_ms = page.evaluate(_TYPED_TURN, said)
    page.wait_for_timeout(500)  # while it speaks
    return seen_ms, heard_ms


def show(figures: Figures, most_seen_ms: float, most_heard_ms: float) -> int:
    """Print each figure beside its budget and return the exit status."""
    others = sorted(figures.hosts - {HOST})
    seen, heard = median(figures.seen_ms), median(figures.heard_ms)
    rows = (
        ("page and assets", f"{figures.page_bytes:,} bytes", figures.page_bytes < MOST_BYTES),
        ("moved while speaking", f"{figures.shift:.4f}", figures.shift == 0),
        ("typed turn on screen", _of(figures.seen_ms), seen < most_seen_ms),
        ("speech starts", _of(figures.heard_ms), heard < most_heard_ms),
        ("requests", f"{figures.request_count}, elsewhere: {others or 'none'}", not others),
    )
    for name, figure, is_within in rows:
        print(f"{name:22}{figure}{'' if is_within else '  OVER BUDGET'}")
    return 0 if all(is_within for _, _, is_within in rows) else _OVER_BUDGET


def _of(milliseconds: Sequence[float]) -> str:
    low, high = min(milliseconds), max(milliseconds)
    count = len(milliseconds)
    return f"median {median(milliseconds):.0f} ms ({low:.0f} to {high:.0f}, {count} turns)"


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="scripts/measure_page.py",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    for name, most, what in (
        ("--most-seen-ms", MOST_SEEN_MS, "the budget of a typed turn on the screen"),
        ("--most-heard-ms", MOST_HEARD_MS, "the budget of the beginning of speech"),
    ):
        parser.add_argument(
            name, type=float, default=most, metavar="MS", help=f"{what} ({most}); for slow machines"
        )
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
