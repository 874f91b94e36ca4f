from __future__ import annotations

from dataclasses import replace
from shutil import which

import pytest

from scripts.measure_page import MOST_BYTES, MOST_HEARD_MS, MOST_SEEN_MS, Figures, main, show

WITHIN = Figures(
    page_bytes=MOST_BYTES - 1,
    hosts=frozenset({"127.0.0.1"}),
    request_count=9,
    shift=0,
    # One slow turn is the machine, a slow half is the page.
    seen_ms=(9_000, MOST_SEEN_MS - 1, 1),
    heard_ms=(9_000, MOST_HEARD_MS - 1, 1),
)


def test_all_within_budget_is_a_success(capsys: pytest.CaptureFixture[str]) -> None:
    assert show(WITHIN, MOST_SEEN_MS, MOST_HEARD_MS) == 0
    assert "OVER BUDGET" not in capsys.readouterr().out


@pytest.mark.parametrize(
    ("figures", "name"),
    [
        (replace(WITHIN, page_bytes=MOST_BYTES), "page and assets"),
        (replace(WITHIN, hosts=frozenset({"127.0.0.1", "192.0.2.1"})), "requests"),
        (replace(WITHIN, shift=0.001), "moved while speaking"),
        (replace(WITHIN, seen_ms=(MOST_SEEN_MS,)), "typed turn on screen"),
        (replace(WITHIN, heard_ms=(MOST_HEARD_MS,)), "speech starts"),
    ],
)
def test_a_figure_over_its_budget_is_told_and_fails(
    capsys: pytest.CaptureFixture[str], figures: Figures, name: str
) -> None:
    assert show(figures, MOST_SEEN_MS, MOST_HEARD_MS) == 1
    over = [line for line in capsys.readouterr().out.splitlines() if "OVER BUDGET" in line]
    assert [line.startswith(name) for line in over] == [True]


@pytest.mark.skipif(which("chromium") is None, reason="no chromium is installed")
def test_the_page_keeps_its_budget_and_asks_nothing_of_other_machines(
    capsys: pytest.CaptureFixture[str],
) -> None:
    # The budget itself is for a quiet machine; those that run tests are shared, and slow.
    assert main(["--most-seen-ms", "2000", "--most-heard-ms", "4000"]) == 0, capsys.readouterr()
    assert "elsewhere: none" in capsys.readouterr().out


def test_without_chromium_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    assert main([]) == 2
    error = capsys.readouterr().err
    assert error.startswith("measure_page: no chromium was found")
    assert error.count("\n") == 1
