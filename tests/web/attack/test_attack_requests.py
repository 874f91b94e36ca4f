"""Requests that Alexa never sent, or not to this skill, or not now; and odd ones that it did."""

from __future__ import annotations

import base64
import gzip
import hashlib
import json
import logging
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import pytest
from cryptography.hazmat.primitives.asymmetric.padding import MGF1, PSS, PKCS1v15
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from cryptography.hazmat.primitives.hashes import SHA256, SHA384, SHA512

from skill.errors import RequestRefusedError
from tests.web.attack.forgery import Paper, between
from tests.web.attack.sending import SIGNATURE_KEY, URL_KEY, Sent, application, post, said
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    OTHER_SKILL_ID,
    SKILL_ID,
    Clock,
    Store,
    as_body,
    pem,
    rsa_key,
    signature_over,
)

if TYPE_CHECKING:
    from flask import Flask

    from tests.conftest import Answering

Cases: TypeAlias = Mapping[str, Callable[[], Sent]]

GOOD: Final = said()
BODY: Final = as_body(GOOD)
SIGNATURE: Final = signature_over(BODY)
RAW: Final = base64.b64decode(SIGNATURE)
KEY: Final = rsa_key("alexa")


@pytest.fixture
def app(answer: Answering) -> Flask:
    app = application(answer)
    # The key is known from here on: for a body that does not name the skill, none is fetched.
    assert post(app, GOOD).status_code == 200
    return app


# --- headers and signatures -----------------------------------------------------------------


def signed(signature: object) -> Callable[[], Sent]:
    return lambda: Sent(BODY, environ={SIGNATURE_KEY: signature})


def made_of(raw: bytes) -> Callable[[], Sent]:
    return signed(base64.b64encode(raw).decode())


def with_environ(**environ: object) -> Callable[[], Sent]:
    return lambda: Sent(BODY, environ=environ)


def as_number(value: int) -> bytes:
    return value.to_bytes((value.bit_length() + 7) // 8)


def hex_of(raw: bytes) -> str:
    return raw.hex()


MODULUS: Final = KEY.public_key().public_numbers().n

FORGED_HEADERS: Final[Cases] = {
    "no headers": with_environ(**{SIGNATURE_KEY: None, URL_KEY: None}),
    "no signature": signed(None),
    "no URL": with_environ(**{URL_KEY: None}),
    "empty signature": signed(""),
    "empty URL": with_environ(**{URL_KEY: ""}),
    "legacy signature alone": with_environ(**{SIGNATURE_KEY: None, "HTTP_SIGNATURE": SIGNATURE}),
    "legacy signature good, the other bad": with_environ(
        **{SIGNATURE_KEY: base64.b64encode(bytes(256)).decode(), "HTTP_SIGNATURE": SIGNATURE}
    ),
    "signature in the wrong header": with_environ(
        **{SIGNATURE_KEY: None, "HTTP_X_SIGNATURE_256": SIGNATURE}
    ),
    "signature in the query": lambda: Sent(
        BODY, environ={SIGNATURE_KEY: None, "QUERY_STRING": f"Signature-256={SIGNATURE}"}
    ),
    "a word": signed("signature"),
    "null": signed("null"),
    "of another body": signed(signature_over(b"{}")),
    "of no body": signed(signature_over(b"")),
    "of the same content in other bytes": signed(
        signature_over(json.dumps(GOOD, indent=1).encode())
    ),
    "of the digest in place of the body": signed(signature_over(hashlib.sha256(BODY).digest())),
    "of the body in base64": signed(signature_over(base64.b64encode(BODY))),
    "by another key": signed(signature_over(BODY, rsa_key("customer"))),
    "by a shorter key": signed(signature_over(BODY, rsa_key("short", 1024))),
    "by a longer key": signed(signature_over(BODY, rsa_key("long", 3072))),
    "over SHA-384": made_of(KEY.sign(BODY, PKCS1v15(), SHA384())),
    "over SHA-512": made_of(KEY.sign(BODY, PKCS1v15(), SHA512())),
    "over a digest of another kind": made_of(
        KEY.sign(hashlib.sha512(BODY).digest(), PKCS1v15(), Prehashed(SHA512()))
    ),
    "with PSS": made_of(KEY.sign(BODY, PSS(MGF1(SHA256()), 32), SHA256())),
    "of zeros": made_of(bytes(256)),
    "one": made_of(bytes(255) + b"\x01"),
    "the modulus": made_of(as_number(MODULUS)),
    "the modulus less one": made_of(as_number(MODULUS - 1)),
    "the modulus added": made_of(as_number(int.from_bytes(RAW) + MODULUS)),
    "negated": made_of(as_number(MODULUS - int.from_bytes(RAW))),
    "of ones": made_of(b"\xff" * 256),
    "backwards": made_of(RAW[::-1]),
    "first byte missing": made_of(RAW[1:]),
    "last byte missing": made_of(RAW[:-1]),
    "a zero in front": made_of(b"\0" + RAW),
    "a zero behind": made_of(RAW + b"\0"),
    "twice in a row": made_of(RAW * 2),
    "one bit changed": made_of(bytes([RAW[0] ^ 1]) + RAW[1:]),
    "10 kB": made_of(b"a" * 10_000),
    "in hex": signed(hex_of(RAW)),
    "in base64 twice": made_of(SIGNATURE.encode()),
    "in base64 for URLs": signed(SIGNATURE.replace("+", "-").replace("/", "_") + "-_"),
    "in base32": signed(base64.b32encode(RAW).decode()),
    "no padding": signed(SIGNATURE.rstrip("=")),
    "too much padding": signed(SIGNATURE + "="),
    "padding in the middle": signed(SIGNATURE[:100] + "==" + SIGNATURE[100:]),
    "padding alone": signed("===="),
    "line break": signed(SIGNATURE[:76] + "\n" + SIGNATURE[76:]),
    "blank in front": signed(" " + SIGNATURE),
    "blank inside": signed(SIGNATURE[:8] + " " + SIGNATURE[8:]),
    "junk inside": signed(SIGNATURE[:8] + "*" + SIGNATURE[8:]),
    "NUL behind": signed(SIGNATURE + "\0"),
    "letters with accents": signed("\xe9\xff" + SIGNATURE),
    "in quotes": signed(f'"{SIGNATURE}"'),
    "a good and a bad one": signed(f"{SIGNATURE},AAAA"),
    "a bad and a good one": signed(f"AAAA,{SIGNATURE}"),
    "a good one twice": signed(f"{SIGNATURE}, {SIGNATURE}"),
    "two URLs": with_environ(**{URL_KEY: f"{CHAIN_URL},{CHAIN_URL}"}),
    "a foreign URL first": with_environ(**{URL_KEY: f"https://evil.example/,{CHAIN_URL}"}),
    "a foreign URL last": with_environ(**{URL_KEY: f"{CHAIN_URL},https://evil.example/"}),
    "a foreign URL": with_environ(**{URL_KEY: "https://evil.example/echo.api/a.pem"}),
    "no TLS": with_environ(**{URL_KEY: CHAIN_URL.replace("https", "http")}),
    "another port": with_environ(**{URL_KEY: CHAIN_URL.replace(".com/", ".com:563/")}),
    "another case": with_environ(**{URL_KEY: CHAIN_URL.replace("echo.api", "EcHo.aPi")}),
    "URL in bytes beyond ASCII": with_environ(**{URL_KEY: CHAIN_URL + "\xff"}),
}


# --- what was changed on the way ------------------------------------------------------------


def changed(body: bytes) -> Callable[[], Sent]:
    assert body != BODY
    return lambda: Sent(body, signed=BODY)


def replaced(old: str, new: str) -> Callable[[], Sent]:
    return changed(BODY.replace(old.encode(), new.encode()))


ALTERED_BODIES: Final[Cases] = {
    "nothing": changed(b""),
    "blank behind": changed(BODY + b" "),
    "line feed behind": changed(BODY + b"\n"),
    "NUL behind": changed(BODY + b"\0"),
    "blank in front": changed(b" " + BODY),
    "byte order mark in front": changed(b"\xef\xbb\xbf" + BODY),
    "last byte missing": changed(BODY[:-1]),
    "first byte missing": changed(BODY[1:]),
    "twice": changed(BODY * 2),
    "half": changed(BODY[: len(BODY) // 2]),
    "another intent": replaced("AMAZON.YesIntent", "AMAZON.NoIntent"),
    "another locale": replaced("en-US", "en-GB"),
    "another user": replaced("account.USER", "account.THEM"),
    "another second": replaced(":00:00Z", ":00:01Z"),
    "another case": replaced("IntentRequest", "intentRequest"),
    "an escape": replaced("NONE", "\\u004eONE"),
    "without blanks": changed(json.dumps(GOOD, separators=(",", ":")).encode()),
    "indented": changed(json.dumps(GOOD, indent=2).encode()),
    "sorted": changed(json.dumps(GOOD, sort_keys=True).encode()),
    "compressed": changed(gzip.compress(BODY)),
    "in UTF-16": changed(BODY.decode().encode("utf-16")),
    "one more member": changed(BODY[:-1] + b', "x": 1}'),
    "other member in front": changed(b'{"x": 1, ' + BODY[1:]),
}


# --- truly signed by Amazon, but not for us, not now or not sensible ---------------------------


def whole(envelope: Mapping[str, Any]) -> Callable[[], Sent]:
    return lambda: Sent(as_body(envelope))


def without(*path: str) -> Callable[[], Sent]:
    envelope, parent = parent_in_copy(path)
    del parent[path[-1]]
    return whole(envelope)


def put(value: object, *path: str) -> Callable[[], Sent]:
    envelope, parent = parent_in_copy(path)
    parent[path[-1]] = value
    return whole(envelope)


def parent_in_copy(path: tuple[str, ...]) -> tuple[dict[str, Any], dict[str, Any]]:
    envelope: dict[str, Any] = json.loads(BODY)
    parent = envelope
    for name in path[:-1]:
        parent = parent[name]
    return envelope, parent


def for_skill(context: object, session: object) -> Callable[[], Sent]:
    envelope: dict[str, Any] = json.loads(BODY)
    envelope["context"]["System"]["application"]["applicationId"] = context
    envelope["session"]["application"]["applicationId"] = session
    return whole(envelope)


def sent_at(timestamp: object) -> Callable[[], Sent]:
    return put(timestamp, "request", "timestamp")


def off_by(seconds: float, request_type: str = "IntentRequest") -> Callable[[], Sent]:
    moment = (NOW + timedelta(seconds=seconds)).isoformat().replace("+00:00", "Z")
    return whole(said(type=request_type, timestamp=moment))


def literally(body: bytes) -> Callable[[], Sent]:
    return lambda: Sent(body)


def spliced(old: str, new: str) -> Callable[[], Sent]:
    body = BODY.replace(old.encode(), new.encode(), 1)
    assert body != BODY
    return literally(body)


IN_CONTEXT: Final = ("context", "System", "application", "applicationId")
IN_SESSION: Final = ("session", "application", "applicationId")

NO_OBJECTS: Final[tuple[object, ...]] = (None, [], SKILL_ID, 1, False)
NO_TEXT: Final[tuple[object, ...]] = (None, [], {}, 1, True)

FOR_OTHERS: Final[Cases] = {
    "another skill's": for_skill(OTHER_SKILL_ID, OTHER_SKILL_ID),
    "another skill's in the context": for_skill(OTHER_SKILL_ID, SKILL_ID),
    "another skill's in the session": for_skill(SKILL_ID, OTHER_SKILL_ID),
    "nobody's in the context": for_skill("", SKILL_ID),
    "nobody's in the session": for_skill(SKILL_ID, ""),
    "upper case": for_skill(SKILL_ID.upper(), SKILL_ID.upper()),
    "blank behind": for_skill(SKILL_ID + " ", SKILL_ID + " "),
    "blank in front": for_skill(" " + SKILL_ID, " " + SKILL_ID),
    "longer": for_skill(SKILL_ID + "0", SKILL_ID + "0"),
    "shorter": for_skill(SKILL_ID[:-1], SKILL_ID[:-1]),
    "NUL behind": for_skill(SKILL_ID + "\0", SKILL_ID + "\0"),
    "look-alike letter": for_skill(*(SKILL_ID.replace("a", "\u0430"),) * 2),
    "zero-width space": for_skill(*(SKILL_ID.replace("ask", "a\u200bsk"),) * 2),
    "in a list": for_skill([SKILL_ID], [SKILL_ID]),
    "in an object": for_skill({"id": SKILL_ID}, {"id": SKILL_ID}),
    "null in the context": for_skill(None, SKILL_ID),
    "null in the session": for_skill(SKILL_ID, None),
    "true": for_skill(*(True,) * 2),
    "a number": for_skill(1, 1),
    **{
        f"without {'.'.join(path[:length])}": without(*path[:length])
        for path in (IN_CONTEXT, IN_SESSION)
        for length in range(1 if path is IN_CONTEXT else 2, len(path) + 1)
    },
    **{
        f"{odd!r} at {'.'.join(path[:length])}": put(odd, *path[:length])
        for odd in NO_OBJECTS
        for path in (IN_CONTEXT, IN_SESSION)
        for length in range(1, len(path))
    },
    "context twice": spliced('"context": ', '"context": {}, "context": '),
    "id twice": spliced(
        '"applicationId": ', f'"applicationId": "{OTHER_SKILL_ID}", "applicationId": '
    ),
    "id twice, ours first": spliced(
        '"applicationId": ', f'"applicationId": "{SKILL_ID}", "applicationId": '
    ),
    "id twice, once by an escape": spliced(
        '"applicationId": ', '"\\u0061pplicationId": "x", "applicationId": '
    ),
}

NO_TIMES: Final[tuple[object, ...]] = (
    *(None, True, 0, 1795348800, 1795348800000, 1.5, [], {}, "", " ", "now", "null"),
    *(
        "2026-11-22",
        "12:00:00Z",
        "2026-11-22T12:00:00",
        "2026-11-22 12:00:00",
        "1795348800",
    ),
    *("2026-02-30T12:00:00Z", "2026-11-22T24:00:01Z", "2026-11-22T12:60:00Z"),
    *("2026-11-22T12:00:61Z", "0000-11-22T12:00:00Z", "10000-11-22T12:00:00Z"),
    *("-2026-11-22T12:00:00Z", "2026-11-22T12:00:00+24:00", "2026-11-22T12:00:00+99:99"),
    *(
        "2026-11-22T12:00:00\0Z",
        "2026-11-22T12:00:00Z\0",
        "2026-11-22T12:00:00ZZ",
        "2026-11-22T12:00:00Z\n",
        " 2026-11-22T12:00:00Z",
    ),
    *("2026-11-22T12:00:00Z,2026", "Sun, 22 Nov 2026 12:00:00 GMT"),
    "\uff12\uff10\uff12\uff16-11-22T12:00:00Z",
    ["2026-11-22T12:00:00Z"],
)

NOT_NOW: Final[Cases] = {
    **{
        f"{seconds} s off": off_by(seconds)
        for seconds in (-3600, -151, -150.001, 150.001, 151, 9e6)
    },
    "an event too old": off_by(-3600.001, "AlexaSkillEvent.SkillDisabled"),
    "an event of the future": off_by(150.001, "AlexaSkillEvent.SkillDisabled"),
    "nearly an event": off_by(-151, "AlexaSkillEvents.SkillDisabled"),
    "an event in lower case": off_by(-151, "alexaskillevent.SkillDisabled"),
    "no time": without("request", "timestamp"),
    **{f"time {odd!r}": sent_at(odd) for odd in NO_TIMES},
    "time twice": spliced(
        '"timestamp": "2026-11-22', '"timestamp": "2020-01-01T00:00:00Z", "timestamp": "2026-11-22'
    ),
    "no request": without("request"),
    "no type": without("request", "type"),
    **{f"request {odd!r}": put(odd, "request") for odd in ({}, *NO_OBJECTS)},
    **{f"type {odd!r}": put(odd, "request", "type") for odd in NO_TEXT},
}

NOT_JSON: Final[Cases] = {
    repr(body[:24]): literally(body)
    for body in (
        *(b"", b" ", b"\0", b"x", b"{", b"}", b"{}", b"[]", b"null", b"true", b"1", b'""', b"{}{}"),
        *(b"[{}]", b"{'version': '1.0'}", b"<xml/>", b"a=b&c=d", b"\xff\xfe{", b"\xef\xbb\xbf{}"),
        *(BODY + b"x", BODY + b"{}", BODY[:-1] + b",}", BODY[:-1] + b', "x": NaN}'),
        *(BODY[:-1] + b', "x": Infinity}', BODY[:-1] + b', "x": -Infinity}'),
        *(BODY[:-1] + b', "x": 1e400}', BODY[:-1] + b', "x": ' + b"1" * 21 + b"}"),
        *(BODY[:-1] + b', "x": 01}', BODY[:-1] + b', "x": 0x1}', BODY[:-1] + b', "x": +1}'),
        *(BODY[:-1] + b', "x": "\x01"}', BODY[:-1] + b', "x": "\xff"}', BODY[:-1] + b", x: 1}"),
        *(BODY[:-1] + b', "x": "\xed\xa0\x80"}', BODY[:-1] + b', "x": "\xc0\x80"}'),
        *(b"//\n" + BODY, b"/**/" + BODY, BODY + b"#"),
        *(BODY.decode().encode(name) for name in ("utf-16", "utf-16-le", "utf-32", "utf-8-sig")),
    )
}


# --- around the body ------------------------------------------------------------------------

FORM: Final = b"payload=" + BODY
MULTIPART: Final = (
    b"--x\r\nContent-Disposition: form-data; name=a\r\n\r\n" + BODY + b"\r\n--x--\r\n"
)

ODD_MESSAGES: Final[Cases] = {
    "a form": lambda: Sent(FORM, environ={"CONTENT_TYPE": "application/x-www-form-urlencoded"}),
    "a form in parts": lambda: Sent(
        MULTIPART, environ={"CONTENT_TYPE": "multipart/form-data; boundary=x"}
    ),
    "in the query": lambda: Sent(b"", signed=BODY, environ={"QUERY_STRING": BODY.decode()}),
    "longer than announced": lambda: Sent(
        BODY + b" ", signed=BODY + b" ", environ={"CONTENT_LENGTH": str(len(BODY) - 1)}
    ),
    "shorter than announced": lambda: Sent(BODY, environ={"CONTENT_LENGTH": str(len(BODY) + 1)}),
    "length in words": lambda: Sent(BODY, environ={"CONTENT_LENGTH": "many"}),
    "negative length": lambda: Sent(BODY, environ={"CONTENT_LENGTH": "-1"}),
    "length with a sign": lambda: Sent(BODY, environ={"CONTENT_LENGTH": f"+{len(BODY)}"}),
    "length beyond": lambda: Sent(BODY, environ={"CONTENT_LENGTH": "9" * 5000}),
    "too large": lambda: Sent(BODY.ljust(256 * 1024 + 1)),
    "10 MB": lambda: Sent(BODY.ljust(10_000_000)),
    "compressed": lambda: Sent(
        gzip.compress(BODY), signed=BODY, environ={"HTTP_CONTENT_ENCODING": "gzip"}
    ),
    "compressed and signed so": lambda: Sent(
        gzip.compress(BODY), environ={"HTTP_CONTENT_ENCODING": "gzip"}
    ),
}

BAD: Final[Cases] = {
    f"{group}: {name}": case
    for group, cases in {
        "headers": FORGED_HEADERS,
        "altered": ALTERED_BODIES,
        "for others": FOR_OTHERS,
        "not now": NOT_NOW,
        "not JSON": NOT_JSON,
        "message": ODD_MESSAGES,
    }.items()
    for name, case in cases.items()
}


def fields_of(record: logging.LogRecord) -> dict[str, object]:
    line: dict[str, object] = json.loads(record.getMessage())
    return line


@pytest.mark.parametrize("name", BAD)
def test_what_alexa_did_not_send_us_now_is_400(
    name: str, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = BAD[name]().to(app)
    assert (response.status_code, response.data) == (400, b"{}")
    (record,) = caplog.records
    assert (record.levelname, record.exc_info) == ("WARNING", None)
    assert fields_of(record)["error"] is None


def test_there_are_more_than_two_hundred_bad_requests() -> None:
    assert len(BAD) > 200


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE", "PATCH", "OPTIONS", "BREW"])
def test_another_method_is_405_though_all_is_signed(method: str, app: Flask) -> None:
    assert Sent(BODY, method=method).to(app).status_code == 405


@pytest.mark.parametrize("path", ["/x", "/index.php", "/.env", "/..", "/%2e", "/\xff", "/metrics"])
def test_another_path_is_404_though_all_is_signed(path: str, app: Flask) -> None:
    assert Sent(BODY, path=path).to(app).status_code == 404


@pytest.mark.parametrize(
    ("file", "status"),
    [
        (b"not a chain", 400),
        (RequestRefusedError("chain_missing"), 400),
        (RequestRefusedError("chain_unavailable", 503), 503),
        (TimeoutError(), 503),
        (ConnectionResetError(), 503),
    ],
)
def test_whose_fault_a_missing_key_is_decides_the_status(
    file: bytes | Exception, status: int, answer: Answering
) -> None:
    app = application(answer, Store({CHAIN_URL: file}))
    response = Sent(BODY).to(app)
    assert (response.status_code, response.data) == (status, b"{}")


# --- a signature made without the key -----------------------------------------------------------


@cache
def careless_chain() -> bytes:
    """Return a chain whose key has the exponent 3, the smallest that is allowed."""
    key = generate_private_key(3, 2048)
    return pem(Paper(public_key=key.public_key()).by(), between().certificate)


def cube_root(value: int) -> int:
    """Return the smallest number whose cube is at least the value."""
    low, high = 0, 1 << (value.bit_length() // 3 + 1)
    while low < high:
        middle = (low + high) // 2
        low, high = (middle + 1, high) if middle**3 < value else (low, middle)
    return low


@pytest.mark.parametrize("filling_bytes", [0, 1, 8])
def test_a_cube_root_is_no_signature(filling_bytes: int, answer: Answering) -> None:
    """Bleichenbacher's forgery of 2006: right at the front, and nobody looks at the rest."""
    prefix = bytes.fromhex("3031300d060960864801650304020105000420")
    front = b"\x00\x01" + b"\xff" * filling_bytes + b"\x00" + prefix + hashlib.sha256(BODY).digest()
    forged = cube_root(int.from_bytes(front.ljust(256, b"\x00")))
    assert (forged**3).to_bytes(256).startswith(front)

    app = application(answer, Store({CHAIN_URL: careless_chain()}))
    assert made_of(forged.to_bytes(256))().to(app).status_code == 400


# --- what must go on being answered ----------------------------------------------------------


def at_every_level(value: object) -> object:
    """Return a JSON value with a member in each of its objects that nobody knows."""
    match value:
        case dict():
            inner = {name: at_every_level(one) for name, one in value.items()}
            return inner | {"tomorrow": {"deep": [1, 2.5, None, True, "x"]}}
        case list():
            return [at_every_level(one) for one in value]
        case _:
            return value


def grown(**more: object) -> Callable[[], Sent]:
    return whole(GOOD | more)


def typed(request_type: str) -> Callable[[], Sent]:
    return whole(said(type=request_type))


def controls() -> Iterator[tuple[str, Callable[[], Sent]]]:
    yield "plain", whole(GOOD)
    extended = at_every_level(GOOD)
    assert isinstance(extended, dict)
    yield "unknown members at every level", whole(extended)
    yield "certification's parameter", grown(certificationParam="x")
    yield "another version", grown(version="2.0")
    for request_type in (
        *("LaunchRequest", "SessionEndedRequest", "CanFulfillIntentRequest", "Tomorrow.Request"),
        *(
            "Alexa.Presentation.APL.UserEvent",
            "Connections.Response",
            "System.ExceptionEncountered",
        ),
        *(
            "AudioPlayer.PlaybackStarted",
            "GameEngine.InputHandlerEvent",
            "SessionResumedRequest",
            "",
        ),
    ):
        yield f"type {request_type}", typed(request_type)
    for seconds in (-150, -149, 0, 149, 150):
        yield f"{seconds} s off", off_by(seconds)
    for seconds in (-3600, -3599, 0, 150):
        yield f"an event {seconds} s off", off_by(seconds, "AlexaSkillEvent.SkillDisabled")
    yield "without a session", without("session")
    yield (
        "an event without a session",
        lambda: Sent(
            as_body(
                {
                    name: value
                    for name, value in said(type="AlexaSkillEvent.SkillDisabled").items()
                    if name != "session"
                }
            )
        ),
    )
    for locale in ("en-GB", "de-DE", "ar-SA", "xx", ""):
        yield f"locale {locale!r}", whole(said(locale=locale))
    yield "no locale", without("request", "locale")
    yield "token of 8 kB", put("t" * 8192, "context", "System", "apiAccessToken")
    yield "user id of 5 kB", put("u" * 5000, "session", "user", "userId")
    yield "100 kB of context", grown(more={str(number): "x" * 100 for number in range(900)})
    yield "unknown intent", whole(said("Tomorrow.Intent"))
    yield "time with a fraction", sent_at("2026-11-22T12:00:00.123Z")
    yield "time in another zone", sent_at("2026-11-22T13:00:00+01:00")
    yield "emoji", whole(said(note="\U0001f600 \u4e2d \u0639"))
    yield (
        "emoji as they are",
        literally(json.dumps(said(note="\U0001f600"), ensure_ascii=False).encode()),
    )
    yield "half a surrogate pair", whole(said(note="\ud800"))
    yield "indented", literally(json.dumps(GOOD, indent=4).encode())
    yield "no blanks", literally(json.dumps(GOOD, separators=(",", ":")).encode())
    yield "blanks around", literally(b"\r\n\t " + BODY + b" \r\n")
    yield "as large as allowed", literally(BODY.ljust(256 * 1024))
    yield "numbers of 20 digits", grown(number=12345678901234567890, other=-1.5e300)
    yield "legacy signature besides", with_environ(HTTP_SIGNATURE="not base64")
    yield "no content type", with_environ(CONTENT_TYPE=None)
    yield "another content type", with_environ(CONTENT_TYPE="text/plain; charset=utf-16")
    yield "content type of a form", with_environ(CONTENT_TYPE="multipart/form-data")
    yield "no user agent", with_environ(HTTP_USER_AGENT=None)
    yield "long user agent", with_environ(HTTP_USER_AGENT="a" * 8000)
    yield "hundred headers", with_environ(**{f"HTTP_X_{number}": "x" for number in range(100)})
    yield "another host", with_environ(HTTP_HOST="evil.example")
    yield "a query", with_environ(QUERY_STRING="a=b")
    yield "a port in the URL", with_environ(**{URL_KEY: CHAIN_URL.replace(".com/", ".com:443/")})
    yield "URL with dots", with_environ(**{URL_KEY: CHAIN_URL.replace("/echo", "/x/../echo", 1)})
    yield "upper-case host", with_environ(**{URL_KEY: CHAIN_URL.replace("s3.amaz", "S3.AMAZ")})
    yield "a backslash and what looks like an escape", grown(words="\\u003a \\\\u003A")
    yield "a colon in a slot", whole(said(slots={"a": {"name": "a", "value": "half past: ten:"}}))


CONTROLS: Final[Cases] = dict(controls())


@pytest.mark.parametrize("name", CONTROLS)
def test_what_alexa_may_send_is_answered(
    name: str, app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    response = CONTROLS[name]().to(app)
    assert response.status_code == 200
    assert response.get_json()["version"] == "1.0"
    (record,) = caplog.records
    assert record.levelname == "INFO"


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_header_names_come_in_any_case(change: Callable[[str], str], app: Flask) -> None:
    headers = {change("SignatureCertChainUrl"): CHAIN_URL, change("Signature-256"): SIGNATURE}
    assert app.test_client().post("/", data=BODY, headers=headers).status_code == 200


def test_the_same_request_comes_to_the_same_answer_however_often_it_is_sent(app: Flask) -> None:
    """A replay inside the tolerance moves nothing on: the whole state is in the request."""
    answers = {post(app, GOOD).data for _ in range(50)}
    assert len(answers) == 1


def test_a_replay_ends_with_the_tolerance(answer: Answering) -> None:
    clock = Clock()
    app = application(answer, clock=clock)
    assert post(app, GOOD).status_code == 200
    clock.move(seconds=150)
    assert post(app, GOOD).status_code == 200
    clock.move(seconds=1)
    assert post(app, GOOD).status_code == 400
