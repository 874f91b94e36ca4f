"""Bodies made to be dear: who did not sign them never has them parsed, and who did gets no far."""

from __future__ import annotations

import gzip
import io
import json
import tracemalloc
import zlib
from collections.abc import Callable, Mapping
from itertools import count
from time import process_time
from typing import TYPE_CHECKING, Final, TypeAlias

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from skill.errors import RequestRefusedError
from skill.web import verification
from skill.web.endpoint import BODY_LIMIT_BYTES
from tests.operation.processes import FULL_LENGTH
from tests.web.attack.sending import SIGNATURE_KEY, Sent, application, said, signature_of
from tests.web.chains import as_body

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Answering

Bodies: TypeAlias = Mapping[str, Callable[[], bytes]]

GOOD: Final = as_body(said())
LIMIT: Final = BODY_LIMIT_BYTES
UNSIGNED: Final = {SIGNATURE_KEY: signature_of(b"something else")}


def inside(more: str) -> bytes:
    """Return the good body with one more member, whose value is given as it is written."""
    return GOOD[:-1] + b', "more": ' + more.encode() + b"}"


def filled(start: str, piece: str, end: str = "") -> bytes:
    """Return the good body with as many pieces as go into it, numbered where they want."""
    pieces = []
    room = LIMIT - len(inside(start + end)) - 1
    for number in count():
        made = piece.replace("#", str(number))
        room -= len(made)
        if room < 0:
            break
        pieces.append(made)
    return inside(start + "".join(pieces).rstrip(",") + end)


# Valid JSON that is dear to parse, and that no limit but the depth speaks against.
HEAVY: Final[Bodies] = {
    "thousands of keys": lambda: filled("{", '"#":0,', "}"),
    "thousands of long keys": lambda: filled("{", '"' + "k" * 90 + '#":0,', "}"),
    "thousands of empty lists": lambda: filled("[", "[],", "]"),
    "thousands of empty objects": lambda: filled("[", "{},", "]"),
    "thousands of numbers": lambda: filled("[", "9,", "]"),
    "thousands of long numbers": lambda: filled("[", "12345678901234567890,", "]"),
    "thousands of fractions": lambda: filled("[", "1.7976931348623157e308,", "]"),
    "one fraction of thousands of digits": lambda: filled("0.", "3"),
    "thousands of colons in a string": lambda: filled('"', ":", '"'),
    "thousands of escapes": lambda: filled('"', "\\u0041", '"'),
    "thousands of half pairs": lambda: filled('"', "\\ud800", '"'),
    "a long string": lambda: filled('"', "x", '"'),
    "blanks alone": lambda: GOOD.ljust(LIMIT),
}

# What no JSON of Alexa's looks like.
BOMBS: Final[Bodies] = {
    "lists without an end": lambda: filled("", "["),
    "objects without an end": lambda: filled("", '{"a":'),
    "lists in lists": lambda: inside("[" * 100_000 + "]" * 100_000),
    "objects in objects": lambda: inside('{"a":' * 20_000 + "1" + "}" * 20_000),
    "both in turn": lambda: inside('[{"a":' * 15_000 + "1" + "}]" * 15_000),
    "lists one level too deep": lambda: inside("[" * 64 + "]" * 64),
    "objects one level too deep": lambda: inside('{"a":' * 64 + "1" + "}" * 64),
    "number of 5,000 digits": lambda: inside("7" * 5_000),
    "number of 200,000 digits": lambda: inside("7" * 200_000),
    "negative number of 5,000 digits": lambda: inside("-" + "7" * 5_000),
    "exponent of 5,000 digits": lambda: inside("1e" + "7" * 5_000),
    "fraction of 200,000 digits and a large exponent": lambda: inside(
        "7." + "7" * 200_000 + "e999"
    ),
    "a number that is none": lambda: inside("NaN"),
    "infinity": lambda: inside("Infinity"),
    "less than everything": lambda: inside("-Infinity"),
    "overflow": lambda: inside("1e400"),
    "negative overflow": lambda: inside("-1e400"),
    "a number of 21 digits": lambda: inside("100000000000000000000"),
    "keys twice": lambda: inside('{"a": 1, "a": 1}'),
    "keys twice, far down": lambda: inside("[" * 40 + '{"a": 1, "a": 1}' + "]" * 40),
    "thousands of one key": lambda: filled("{", '"a":0,', "}"),
    "UTF-16": lambda: GOOD.decode().encode("utf-16"),
    "UTF-32": lambda: GOOD.decode().encode("utf-32"),
    "UTF-7": lambda: GOOD.decode().encode("utf-7") + b"+AHs-",
    "byte order mark": lambda: b"\xef\xbb\xbf" + GOOD,
    "half a surrogate pair in bytes": lambda: inside('"#"').replace(b"#", b"\xed\xa0\x80"),
    "overlong slash": lambda: inside('"#"').replace(b"#", b"\xc0\xaf"),
    "beyond Unicode": lambda: inside('"#"').replace(b"#", b"\xf4\x90\x80\x80"),
    "cut in the middle of a letter": lambda: inside('"#').replace(b"#}", b"\xe2\x82"),
}


ALL: Final[Bodies] = dict([*HEAVY.items(), *BOMBS.items()])


@pytest.fixture
def app(answer: Answering) -> Flask:
    app = application(answer)
    assert Sent(GOOD).to(app).status_code == 200  # the key is known from here on
    return app


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Note the length of everything that is parsed as JSON, by whatever way."""
    lengths: list[int] = []
    scan, scan_fast = json.JSONDecoder.raw_decode, orjson.loads

    def noting_fast(text: bytes) -> object:
        lengths.append(len(text))
        return scan_fast(text)

    def noting(decoder: json.JSONDecoder, text: str, **more: int) -> object:
        lengths.append(len(text))
        return scan(decoder, text, **more)

    monkeypatch.setattr(json.JSONDecoder, "raw_decode", noting)
    monkeypatch.setattr(orjson, "loads", noting_fast)
    return lengths


def test_the_spy_sees_what_is_parsed(app: Flask, parsed: list[int]) -> None:
    assert Sent(GOOD).to(app).status_code == 200
    assert parsed == [len(GOOD), len(GOOD)]  # by the fast parser, and then by the strict one


@pytest.mark.parametrize("name", ALL)
def test_what_nobody_signed_is_never_parsed(name: str, app: Flask, parsed: list[int]) -> None:
    body = ALL[name]()
    response = Sent(body, environ=UNSIGNED).to(app)
    assert (response.status_code, response.data) == (400, b"{}")
    assert parsed == []


@pytest.mark.parametrize("name", BOMBS)
def test_a_signed_bomb_is_400(name: str, app: Flask) -> None:
    body = BOMBS[name]()
    assert len(body) <= LIMIT
    seconds = []
    for _ in range(3):  # of which the quickest counts, for what else a machine does is not ours
        started = process_time()
        assert Sent(body).to(app).status_code == 400
        seconds.append(process_time() - started)
    assert min(seconds) < (0.05 if FULL_LENGTH else 0.5)


@pytest.mark.parametrize("name", HEAVY)
def test_a_signed_body_that_is_merely_heavy_is_answered(name: str, app: Flask) -> None:
    assert Sent(HEAVY[name]()).to(app).status_code == 200


@pytest.mark.parametrize("name", ALL)
def test_no_body_takes_long_or_much(name: str) -> None:
    body = ALL[name]()
    tracemalloc.start()
    started = process_time()
    try:
        verification.parsed_envelope(body)
    except RequestRefusedError:
        pass
    finally:
        seconds = process_time() - started
        _, most_bytes = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    # Tracing makes it several times as slow; a quadratic algorithm would take minutes.
    assert seconds < 5
    assert most_bytes < 20_000_000


DEAR: Final = (b"[],", b'{"a":', b"[", b"\xff", b" ", b"\0")


@pytest.mark.parametrize("piece", DEAR)
@pytest.mark.parametrize("is_signed", [False, True])
def test_ten_megabytes_are_refused_unparsed_and_unkept(
    piece: bytes,
    is_signed: bool,  # noqa: FBT001
    app: Flask,
    parsed: list[int],
) -> None:
    body = (piece * (10_000_000 // len(piece) + 1))[:10_000_000]
    environ = {} if is_signed else UNSIGNED
    sent = Sent(body, signed=b"" if is_signed else None, environ=environ)
    tracemalloc.start()
    response = sent.to(app)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert response.status_code == 400
    assert parsed == []
    assert most_bytes < 20_000_000


@pytest.mark.parametrize(("length", "status"), [(LIMIT - 1, 200), (LIMIT, 200), (LIMIT + 1, 400)])
def test_the_limit_is_exact(length: int, status: int, app: Flask) -> None:
    assert Sent(GOOD.ljust(length)).to(app).status_code == status


def compressed(how: str) -> bytes:
    plain = GOOD.ljust(50_000_000)
    return gzip.compress(plain) if how == "gzip" else zlib.compress(plain)


@pytest.mark.parametrize("how", ["gzip", "deflate", "br", "zstd", "identity, gzip"])
@pytest.mark.parametrize("is_signed", [False, True])
def test_nothing_is_unpacked(
    how: str,
    is_signed: bool,  # noqa: FBT001
    app: Flask,
    parsed: list[int],
) -> None:
    environ = {"HTTP_CONTENT_ENCODING": how} | ({} if is_signed else UNSIGNED)
    body = compressed(how)
    tracemalloc.start()
    response = Sent(body, environ=environ).to(app)
    _, most_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert response.status_code == 400
    assert parsed == []
    assert most_bytes < 5_000_000


class Endless(io.RawIOBase):
    """A body without a length and without an end, as a server hands on what comes in chunks."""

    def __init__(self) -> None:
        super().__init__()
        self.read_bytes = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: object) -> int:
        view = memoryview(buffer)  # type: ignore[arg-type]  # RawIOBase says no more of it
        view[:] = b"[" * len(view)
        self.read_bytes += len(view)
        return len(view)


def test_a_body_without_an_end_is_given_up(app: Flask, parsed: list[int]) -> None:
    body = Endless()
    response = app.test_client().open(
        "/",
        method="POST",
        environ_overrides={
            **UNSIGNED,
            "wsgi.input": body,
            "HTTP_TRANSFER_ENCODING": "chunked",
            "wsgi.input_terminated": True,
        },
    )
    assert response.status_code == 400
    assert body.read_bytes < 2 * LIMIT
    assert parsed == []


# --- which JSON is taken, against the standard library ------------------------------------------

NAMES: Final = st.sampled_from(["a", "b", ":", "a:", "\\", "\\u003a", '"', "\u00e9", "\ud800", ""])
VALUES: Final = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**20) + 1, 10**20 - 1) | NAMES | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=10,
)


def taken(text: str) -> bool:
    try:
        verification.parsed_envelope(text.encode("utf-8", "surrogatepass"))
    except RequestRefusedError:
        return False
    return True


@given(st.dictionaries(NAMES, VALUES, max_size=4), st.booleans(), st.sampled_from([None, 0, 2]))
def test_what_the_standard_library_writes_is_taken(
    value: dict[str, object],
    in_ascii: bool,  # noqa: FBT001
    indent: int | None,
) -> None:
    text = json.dumps(value, ensure_ascii=in_ascii, indent=indent)
    if in_ascii or text.isprintable():  # half a surrogate pair has no UTF-8
        assert verification.parsed_envelope(text.encode()) == value


def spelt(name: str, escaped: list[bool]) -> str:
    """Return a key in JSON, with some of its characters as escapes."""
    pieces = [
        f"\\u{ord(letter):04x}" if escape else json.dumps(letter)[1:-1]
        for letter, escape in zip(name, escaped, strict=False)
    ]
    return '"' + "".join(pieces) + json.dumps(name[len(escaped) :])[1:-1] + '"'


@given(
    NAMES.filter(lambda name: name != "\ud800"),
    st.lists(st.booleans(), max_size=8),
    st.lists(st.booleans(), max_size=8),
    VALUES,
    VALUES,
    st.integers(0, 40),
)
def test_a_key_is_never_there_twice_however_it_is_spelt(  # noqa: PLR0913, PLR0917
    name: str,
    once: list[bool],
    again: list[bool],
    one: object,
    other: object,
    depth: int,
) -> None:
    members = f"{spelt(name, once)}: {json.dumps(one)}, {spelt(name, again)}: {json.dumps(other)}"
    assert not taken('{"x":' * depth + "{" + members + "}" + "}" * depth)


@given(st.text(max_size=30) | st.text('{}[]",:\\u0123ae+-.N ', max_size=30))
def test_no_text_raises_anything_but_a_refusal(text: str) -> None:
    taken(text)
    taken('{"a": ' + text + "}")


@pytest.mark.parametrize("half", [*map(chr, (0xD800, 0xD83D, 0xDC00, 0xDFFF))])
def test_half_a_surrogate_pair_never_breaks_the_answer(half: str, app: Flask) -> None:
    body = as_body(said(half, {half: {"name": half, "value": half}}, {half: half}, locale=half))
    response = Sent(body).to(app)
    assert response.status_code == 200
    assert response.data.isascii()
