from __future__ import annotations

import pytest

from scripts.simulator.options import parsed_options


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        ("--locale tlh-QO", "no locale 'tlh-QO'; known: en-AU"),
        ("--expect", "--expect needs --replay"),
        ("--page --no-page", "--no-page goes with no other option of the page"),
        ("--page-port 0 --no-page", "--no-page goes with no other option of the page"),
        ("--page --json", "--page talks to nobody, so --json is of no use"),
        ("--page --record x.txt", "--page talks to nobody, so --record is of no use"),
        ("--serve --replay x.txt", "--serve talks to nobody, so --replay is of no use"),
        ("--serve --page-port 0", "--serve talks to nobody, so --page-port is of no use"),
        ("--voice slt --json", "--voice needs --speak or the page"),
        ("--eight-seconds --json", "--eight-seconds needs a person at a terminal"),
        ("--eight-seconds --replay x.txt", "--eight-seconds needs a person at a terminal"),
        ("--port 65536", "'65536' is no port"),
        ("--port x", "'x' is no port"),
        ("--page-port -1", "'-1' is no port"),
        ("--nonsense", "unrecognized arguments: --nonsense"),
        ("hello", "unrecognized arguments: hello"),
    ],
)
def test_what_makes_no_sense_is_told_in_one_line(
    capsys: pytest.CaptureFixture[str], arguments: str, told: str
) -> None:
    with pytest.raises(SystemExit) as ended:
        parsed_options(arguments.split(), None)
    error = capsys.readouterr().err
    assert ended.value.code == 2
    assert told in error
    assert (error.count("\n"), error.startswith("scripts/run: ")) == (1, True)


def test_a_conversation_may_be_held_again_and_written_down() -> None:
    arguments = ["--replay", "x.txt", "--record", "x.txt", "--expect", "--json", "--speak"]
    options = parsed_options(arguments, None)
    assert (options.expect, str(options.record)) == (True, "x.txt")
