"""Whatever is changed in a request, it is refused or answered; nothing else ever happens.

Changed bytes are never accepted, whoever changed them. What is truly signed and yet odd, with any
JSON value at any place, is answered in speech that Alexa takes, or refused.

A few hundred examples of each are tried with every test run. To try 100,000, in some ten minutes::

    HYPOTHESIS_PROFILE=attack .venv/bin/pytest tests/web/attack/test_attack_fuzz.py
"""

from __future__ import annotations

import copy
import json
import logging
import os
from base64 import b64encode
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.verification import Store as Roots
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from skill.alexa.handlers import EVENT_BY_INTENT
from skill.errors import RequestRefusedError
from skill.web.chain_trust import trusted_key
from skill.web.chain_urls import canonical_chain_url
from skill.web.verification import RequestVerifier
from tests.calls import LOCALES, REPORTABLE, RULE_SET, defects_of, is_silent
from tests.web.attack.forgery import Paper, between, top
from tests.web.attack.sending import application, post, refusal_of, said
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    SKILL_ID,
    Clock,
    Store,
    as_body,
    pem,
    signature_over,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from flask import Flask

    from tests.conftest import Answering

Json: TypeAlias = dict[str, Any]

IS_LONG: Final = os.environ.get("HYPOTHESIS_PROFILE") == "attack"


def examples(few: int, many: int) -> settings:
    return settings(
        max_examples=many if IS_LONG else few,
        deadline=None,  # the machines are shared: how long one example takes says nothing
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
    )


# --- bytes, changed at random -----------------------------------------------------------------

BODY: Final = as_body(said())
OTHER_BODY: Final = as_body(said("AMAZON.NoIntent"))
SIGNATURE: Final = signature_over(BODY)
LEAF: Final = Paper().by()
PEM: Final = pem(LEAF, between().certificate)
ROOTS: Final = Roots([top().certificate])


def flip(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % max(1, len(data))
    return data[:at] + bytes([data[at] ^ (1 << piece[0] % 8)]) + data[at + 1 :] if data else piece


def overwrite(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + piece + data[at + len(piece) :]


def insert(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + piece + data[at:]


def leave_out(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[:at] + data[at + piece[0] :]


def cut(data: bytes, place: int, _: bytes) -> bytes:
    return data[: place % (len(data) + 1)]


def repeat(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % (len(data) + 1)
    return data[: at + piece[0]] + data[at:]


def exchange(data: bytes, place: int, piece: bytes) -> bytes:
    at = place % (len(data) + 1)
    middle = data[at : at + piece[0]]
    return data[:at] + middle[::-1] + data[at + piece[0] :]


CHANGES: Final = (flip, overwrite, insert, leave_out, cut, repeat, exchange)
PIECES: Final = st.binary(min_size=1, max_size=8) | st.sampled_from(
    [b" ", b"\n", b"\0", b"\r\n", b'"', b"}", b",", b"=", b"-----", b"\xef\xbb\xbf", b"\xff"]
)
EDITS: Final = st.lists(
    st.tuples(st.sampled_from(CHANGES), st.integers(0, 100_000), PIECES), min_size=1, max_size=4
)
Edit: TypeAlias = "tuple[Callable[[bytes, int, bytes], bytes], int, bytes]"


def edited(data: bytes, edits: list[Edit]) -> bytes:
    for change, place, piece in edits:
        data = change(data, place, piece)
    return data


@cache
def verifier() -> RequestVerifier:
    """Return one that knows the key already."""
    store = Store({CHAIN_URL: PEM})
    made = RequestVerifier(SKILL_ID, [top().certificate], store.fetch, Clock())
    made.verify({"SignatureCertChainUrl": CHAIN_URL, "Signature-256": SIGNATURE}, BODY)
    return made


def is_accepted(body: bytes, url: str, signature: str) -> bool:
    headers = {"SignatureCertChainUrl": url, "Signature-256": signature}
    refusal = refusal_of(verifier(), headers, body)
    if refusal is not None:
        # An URL that is new and allowed may find the allowance of fetches used up.
        assert refusal.status == 400 or refusal.reason == "chain_urls_too_many"
    return refusal is None


@examples(300, 35_000)
@given(EDITS)
def test_a_body_with_changed_bytes_is_never_accepted(edits: list[Edit]) -> None:
    body = edited(BODY, edits)
    assert is_accepted(body, CHAIN_URL, SIGNATURE) is (body == BODY)


@examples(100, 5_000)
@given(st.integers(0, len(BODY)), st.integers(0, len(OTHER_BODY)), st.booleans())
def test_two_bodies_in_one_are_never_accepted(
    end: int,
    start: int,
    other_first: bool,  # noqa: FBT001
) -> None:
    first, second = (OTHER_BODY, BODY) if other_first else (BODY, OTHER_BODY)
    body = first[:end] + second[start:]
    assert is_accepted(body, CHAIN_URL, SIGNATURE) is (body == BODY)


@examples(100, 5_000)
@given(st.integers(0, 8), st.booleans(), st.booleans(), st.sampled_from([",", ", ", " ,"]))
def test_the_same_content_in_other_bytes_is_never_accepted(
    indent: int,
    in_order: bool,  # noqa: FBT001
    in_ascii: bool,  # noqa: FBT001
    comma: str,
) -> None:
    body = json.dumps(
        json.loads(BODY),
        indent=indent or None,
        sort_keys=in_order,
        ensure_ascii=in_ascii,
        separators=(comma, ":"),
    ).encode()
    assert is_accepted(body, CHAIN_URL, SIGNATURE) is (body == BODY)


@examples(200, 10_000)
@given(EDITS)
def test_a_changed_signature_is_never_accepted(edits: list[Edit]) -> None:
    signature = edited(SIGNATURE.encode(), edits).decode("latin-1")
    assert is_accepted(BODY, CHAIN_URL, signature) is (signature == SIGNATURE)


@examples(200, 10_000)
@given(EDITS)
def test_a_changed_url_is_canonical_or_refused(edits: list[Edit]) -> None:
    url = edited(CHAIN_URL.encode(), edits).decode("latin-1")
    try:
        canonical = canonical_chain_url(url)
    except RequestRefusedError:
        assert not is_accepted(BODY, url, SIGNATURE)
        return
    assert canonical.startswith("https://s3.amazonaws.com/echo.api/")
    assert canonical_chain_url(canonical) == canonical
    assert url.isascii()


@examples(100, 5_000)
@given(st.text(max_size=300), st.text(max_size=300))
def test_no_words_for_headers_are_accepted(url: str, signature: str) -> None:
    assert not is_accepted(BODY, url, signature)
    assert not is_accepted(BODY, CHAIN_URL, signature)


def believed(file: bytes) -> bool:
    try:
        key = trusted_key(file, ROOTS, NOW)
    except RequestRefusedError:
        return False
    assert key.public_key.public_numbers() == LEAF.public_key().public_numbers()  # type: ignore[union-attr]  # it is RSA
    return True


@pytest.mark.filterwarnings("ignore:Parsed a serial number:Warning")
@examples(300, 10_000)
@given(EDITS)
def test_a_changed_file_gives_the_true_key_or_none(edits: list[Edit]) -> None:
    believed(edited(PEM, edits))


@pytest.mark.filterwarnings("ignore:Parsed a serial number:Warning")
@examples(300, 10_000)
@given(st.sampled_from([LEAF, between().certificate]), EDITS)
def test_a_certificate_with_changed_bytes_is_never_believed(
    victim: x509.Certificate, edits: list[Edit]
) -> None:
    whole = victim.public_bytes(Encoding.DER)
    changed = edited(whole, edits)
    file = b"".join(
        b"-----BEGIN CERTIFICATE-----\n"
        + b64encode(changed if one is victim else one.public_bytes(Encoding.DER))
        + b"\n-----END CERTIFICATE-----\n"
        for one in (LEAF, between().certificate)
    )
    # The count of unused bits before its signature is in no part of it that was signed.
    if believed(file):
        part = x509.load_der_x509_certificate(changed).tbs_certificate_bytes
        assert part == victim.tbs_certificate_bytes
    else:
        assert changed != whole


# --- envelopes that are signed, and odd ---------------------------------------------------------

WORDS: Final = st.sampled_from(
    [
        *("", " ", "?", "yes", "no", "0", "-1", "1e9", "P6W", "P1Y2M3DT4H", "P-1D", "PT", "P1,5D"),
        *("2026-W47", "2026-11", "2026-WI", "9999-12-31", "1000-02-29", "P9999999999999999999Y"),
        *("IntentRequest", "LaunchRequest", "Tomorrow", "ER_SUCCESS_MATCH", "ER_SUCCESS_NO_MATCH"),
        *(
            "</speak>",
            "<audio src='x'/>",
            "&",
            "{{7*7}}",
            "%s",
            "\0",
            "\ud800",
            "\u202e",
            "__class__",
        ),
        *REPORTABLE[:8],
        *(question.id for question in RULE_SET.questions[:8]),
        *LOCALES,
    ]
)
NUMBERS: Final = st.integers(-(10**19), 10**19) | st.floats(allow_nan=False, allow_infinity=False)
LEAVES: Final = st.none() | st.booleans() | NUMBERS | WORDS | st.text(max_size=20)
ANYTHING: Final = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)

SLOTS: Final = ("finding", "secondFinding", "thirdFinding", "number", "duration", "age", "date")
INTENTS: Final = sorted(EVENT_BY_INTENT)


@cache
def attributes() -> Json:
    """Return the attributes of a conversation in its middle."""
    return {
        "rule_set": RULE_SET.name,
        "answers": {RULE_SET.questions[0].id: "no"},
        "pending": RULE_SET.questions[1].id,
        "misses": 1,
        "rephrased": False,
        "number": None,
        "slowly": False,
        "said": [[f"question.{RULE_SET.questions[1].id}", {}]],
    }


def template(intent: str, slots: tuple[str, ...], finding: str, word: str) -> Json:
    filled = {
        name: {
            "name": name,
            "value": word,
            "resolutions": {
                "resolutionsPerAuthority": [
                    {
                        "authority": "amzn1.er-authority.x",
                        "status": {"code": "ER_SUCCESS_MATCH"},
                        "values": [{"value": {"name": word, "id": finding}}],
                    }
                ]
            },
        }
        for name in slots
    }
    return copy.deepcopy(said(intent, filled, attributes()))


TEMPLATES: Final = st.builds(
    template,
    st.sampled_from(INTENTS),
    st.lists(st.sampled_from(SLOTS), max_size=3, unique=True).map(tuple),
    st.sampled_from(REPORTABLE) | WORDS,
    WORDS,
)


def places_in(value: object, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for name, one in items:
        yield (*path, name)
        yield from places_in(one, (*path, name))


@st.composite
def odd_envelopes(draw: st.DrawFn) -> Json:
    envelope = draw(TEMPLATES)
    for _ in range(draw(st.integers(1, 4))):
        # Not where it would be refused before all else; that has tests of its own.
        place = draw(
            st.sampled_from(
                [
                    path
                    for path in places_in(envelope)
                    if path[0] in {"request", "session"}
                    and path[-1] not in {"timestamp", "application", "applicationId"}
                ]
                or [("version",)]
            )
        )
        parent: Any = envelope
        for name in place[:-1]:
            parent = parent[name]
        match draw(st.sampled_from(["replace", "replace", "replace", "leave out", "add"])):
            case "leave out":
                del parent[place[-1]]
            case "add" if isinstance(parent, dict):
                parent[draw(WORDS)] = draw(ANYTHING)
            case _:
                parent[place[-1]] = draw(ANYTHING)
    return envelope


@st.composite
def odd_anywhere(draw: st.DrawFn) -> Json:
    envelope = draw(TEMPLATES)
    place = draw(st.sampled_from(list(places_in(envelope))))
    parent: Any = envelope
    for name in place[:-1]:
        parent = parent[name]
    parent[place[-1]] = draw(ANYTHING)
    return envelope


class _Errors(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(record.getMessage())


@contextmanager
def no_errors_logged() -> Iterator[None]:
    errors = _Errors()
    logger = logging.getLogger("skill")
    logger.addHandler(errors)
    try:
        yield
    finally:
        logger.removeHandler(errors)
    assert errors.lines == []


def locale_in(envelope: Mapping[str, Any]) -> str:
    locale = envelope["request"].get("locale")
    return locale if isinstance(locale, str) else ""


def assert_answered_or_refused(app: Flask, envelope: Json) -> None:
    with no_errors_logged():
        response = post(app, envelope)
    assert response.status_code in {200, 400}
    answer = response.get_json()
    if response.status_code == 400:
        assert answer == {}
    elif "outputSpeech" in answer["response"]:
        assert defects_of(answer, locale_in(envelope)) == []
    else:
        assert is_silent(answer, str(envelope["request"]["type"]))


@cache
def application_of(answer: Answering) -> Flask:
    """Return one that knows the key already."""
    app = application(answer)
    assert post(app, said()).status_code == 200
    return app


@examples(250, 10_000)
@given(envelope=odd_envelopes())
def test_an_odd_value_anywhere_in_what_is_read_is_answered(
    answer: Answering, envelope: Json
) -> None:
    assert_answered_or_refused(application_of(answer), envelope)


@examples(150, 5_000)
@given(envelope=odd_anywhere())
def test_any_value_at_any_place_is_answered_or_refused(answer: Answering, envelope: Json) -> None:
    assert_answered_or_refused(application_of(answer), envelope)


@examples(100, 5_000)
@given(edits=EDITS)
def test_a_body_that_is_signed_as_it_is_broken_is_answered_or_refused(
    answer: Answering, edits: list[Edit]
) -> None:
    body = edited(BODY, edits)
    headers = {"SignatureCertChainUrl": CHAIN_URL, "Signature-256": signature_over(body)}
    with no_errors_logged():
        response = application_of(answer).test_client().post("/", data=body, headers=headers)
    assert response.status_code in {200, 400}
