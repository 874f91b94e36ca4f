import base64
import json
from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.datastructures import Headers

from skill.errors import ConfigurationError, RequestRefusedError, SkillError
from skill.web.verification import RequestVerifier, parsed_envelope
from tests.web import chains
from tests.web.chains import (
    CHAIN_URL,
    NOW,
    OTHER_SKILL_ID,
    SKILL_ID,
    Clock,
    Store,
    as_body,
    envelope,
    refused,
    signature_over,
    signed_headers,
)


def make_verifier(store: Store | None = None, clock: Clock | None = None) -> RequestVerifier:
    anchors = [chains.root().certificate]
    return RequestVerifier(SKILL_ID, anchors, (store or Store()).fetch, clock or Clock())


VERIFIER = make_verifier()
BODY = as_body(envelope())
HEADERS = signed_headers(BODY)


def reason_for(body: bytes, headers: dict[str, str] | Headers | None = None) -> str:
    """Return why a body is refused, signed as Alexa would unless headers are given."""
    VERIFIER.verify(HEADERS, BODY)  # so that there is a key: not every body is worth a fetch
    with pytest.raises(RequestRefusedError) as caught:
        VERIFIER.verify(signed_headers(body) if headers is None else headers, body)
    assert caught.value.status == 400
    return caught.value.reason


def reason_for_envelope(content: dict[str, object]) -> str:
    return reason_for(as_body(content))


# What is accepted


def test_a_request_of_alexa_is_accepted_and_parsed() -> None:
    assert VERIFIER.verify(HEADERS, BODY) == envelope()


@pytest.mark.parametrize("change", [str.lower, str.upper, str.title])
def test_header_names_are_in_any_case(change: object) -> None:
    assert callable(change)
    headers = Headers([(change(name), value) for name, value in HEADERS.items()])
    assert VERIFIER.verify(headers, BODY) == envelope()


def test_the_legacy_signature_is_not_read() -> None:
    assert VERIFIER.verify(HEADERS | {"Signature": "not base64"}, BODY) == envelope()


def test_unknown_members_are_accepted() -> None:
    content = envelope() | {"tomorrow": {"new": [1, 2.5, None, True]}}
    body = as_body(content)
    assert VERIFIER.verify(signed_headers(body), body) == content


def test_an_unknown_request_type_is_accepted() -> None:
    body = as_body(envelope("Tomorrow.Request"))
    assert VERIFIER.verify(signed_headers(body), body) == envelope("Tomorrow.Request")


def test_every_byte_of_the_body_is_signed_as_it_came() -> None:
    body = b" \r\n" + json.dumps(envelope(), indent=3, ensure_ascii=False).encode() + b"\n"
    assert VERIFIER.verify(signed_headers(body), body) == envelope()


def test_what_is_fetched_is_the_canonical_url() -> None:
    store = Store()
    verifier = make_verifier(store)
    for url in (
        "HTTPS://S3.amazonaws.com:443/bucket/../echo.api/x.pem",
        "https://s3.amazonaws.com/echo.api/./x.pem",
    ):
        verifier.verify(signed_headers(BODY, url), BODY)
    assert store.fetched == ["https://s3.amazonaws.com/echo.api/x.pem"]


def test_a_key_that_was_replaced_at_its_url_is_found() -> None:
    store, clock = Store(), Clock()
    anchors = [chains.root().certificate]
    verifier = RequestVerifier(SKILL_ID, anchors, store.fetch, clock, timer=clock.seconds)
    verifier.verify(HEADERS, BODY)
    successor = chains.rsa_key("successor")
    leaf = chains.issue(chains.Terms(), successor.public_key())
    store.files[CHAIN_URL] = chains.pem(leaf, chains.intermediate().certificate)
    signed = HEADERS | {"Signature-256": signature_over(BODY, successor)}
    with pytest.raises(RequestRefusedError, match="signature_mismatch"):
        verifier.verify(signed, BODY)
    clock.move(seconds=30)
    assert verifier.verify(signed, BODY) == envelope()
    with pytest.raises(RequestRefusedError, match="signature_mismatch"):
        verifier.verify(HEADERS, BODY)


# Settings


@pytest.mark.parametrize("skill_id", ["", " ", "\n"])
def test_there_is_no_verifier_without_a_skill_id(skill_id: str) -> None:
    with pytest.raises(ConfigurationError, match=r"^ALEXA_SKILL_ID is not set: .+$"):
        RequestVerifier(skill_id, [chains.root().certificate], Store().fetch, Clock())


def test_there_is_no_verifier_without_trust_anchors() -> None:
    with pytest.raises(SkillError, match="No root certificates"):
        RequestVerifier(SKILL_ID, [], Store().fetch, Clock())


# Headers and signature


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({}, "chain_url_missing"),
        ({"Signature-256": HEADERS["Signature-256"]}, "chain_url_missing"),
        ({"SignatureCertChainUrl": CHAIN_URL}, "signature_missing"),
        (
            {"SignatureCertChainUrl": CHAIN_URL, "Signature": HEADERS["Signature-256"]},
            "signature_missing",
        ),
        (HEADERS | {"SignatureCertChainUrl": ""}, "chain_url_refused"),
        (HEADERS | {"SignatureCertChainUrl": "https://evil.com/echo.api/"}, "chain_url_refused"),
    ],
)
def test_headers_that_are_not_alexas_are_refused(headers: dict[str, str], reason: str) -> None:
    assert reason_for(BODY, headers) == reason


@pytest.mark.parametrize(
    ("name", "reason"),
    [("Signature-256", "signature_malformed"), ("SignatureCertChainUrl", "chain_url_refused")],
)
@pytest.mark.parametrize("comma", [",", ", "])
def test_a_repeated_header_is_refused_even_when_both_agree(
    name: str, reason: str, comma: str
) -> None:
    """A server joins the values of a repeated header by commas, as WSGI has it."""
    headers = HEADERS | {name: comma.join([HEADERS[name]] * 2)}
    assert reason_for(BODY, headers) == reason


def with_signature(signature: str) -> dict[str, str]:
    return HEADERS | {"Signature-256": signature}


GOOD_SIGNATURE = HEADERS["Signature-256"]


@pytest.mark.parametrize(
    "signature",
    [
        "!!!!",
        GOOD_SIGNATURE[:-1],
        GOOD_SIGNATURE.rstrip("="),
        GOOD_SIGNATURE + "=",
        GOOD_SIGNATURE + "\n",
        " " + GOOD_SIGNATURE,
        GOOD_SIGNATURE[:100] + "\r\n" + GOOD_SIGNATURE[100:],
        GOOD_SIGNATURE[:100] + "!" + GOOD_SIGNATURE[100:],
        GOOD_SIGNATURE + "," + GOOD_SIGNATURE,
        GOOD_SIGNATURE.replace("=", "") + "A==",
        "\u00e9\u20ac" + GOOD_SIGNATURE,
    ],
)
def test_a_signature_that_is_not_strict_base64_is_refused(signature: str) -> None:
    assert reason_for(BODY, with_signature(signature)) == "signature_malformed"


def test_a_signature_has_one_spelling() -> None:
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    last = alphabet[alphabet.index(GOOD_SIGNATURE[-3]) ^ 1]
    respelt = f"{GOOD_SIGNATURE[:-3]}{last}=="
    assert base64.b64decode(respelt) == base64.b64decode(GOOD_SIGNATURE)
    assert reason_for(BODY, with_signature(respelt)) == "signature_malformed"


@pytest.mark.parametrize(
    "signature",
    [
        "",
        base64.b64encode(b"short").decode(),
        base64.b64encode(bytes(256)).decode(),
        base64.b64encode(b"\xff" * 256).decode(),
        base64.b64encode(b"\xff" * 5000).decode(),
        base64.b64encode(base64.b64decode(GOOD_SIGNATURE) + b"\x00").decode(),
        signature_over(b"another body"),
        signature_over(BODY, chains.rsa_key("customer")),
    ],
    ids=[
        "empty",
        "short",
        "zeros",
        "ones",
        "long",
        "one byte more",
        "another body",
        "another key",
    ],
)
def test_a_signature_that_does_not_hold_is_refused(signature: str) -> None:
    assert reason_for(BODY, with_signature(signature)) == "signature_mismatch"


def test_a_body_is_not_parsed_before_its_signature_holds() -> None:
    assert reason_for(b"[" * 100_000, HEADERS) == "signature_mismatch"
    assert reason_for(b"", HEADERS) == "signature_mismatch"


def test_nothing_is_fetched_for_a_request_refused_by_its_headers() -> None:
    store = Store()
    verifier = make_verifier(store)
    for headers in (
        HEADERS | {"SignatureCertChainUrl": "https://s3.amazonaws.com/evil/x.pem"},
        with_signature("!!!!"),
    ):
        with pytest.raises(RequestRefusedError):
            verifier.verify(headers, BODY)
    assert store.fetched == []


def test_an_outage_without_a_usable_key_is_not_the_senders_fault() -> None:
    verifier = make_verifier(Store({CHAIN_URL: TimeoutError()}))
    with pytest.raises(RequestRefusedError) as caught:
        verifier.verify(HEADERS, BODY)
    assert (caught.value.reason, caught.value.status) == ("chain_unavailable", 503)


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
def test_a_changed_byte_in_the_body_is_never_accepted(place: int, change: int) -> None:
    changed = bytearray(BODY)
    changed[place] ^= change
    assert reason_for(bytes(changed), HEADERS) == "signature_mismatch"


@settings(max_examples=100, deadline=None)
@given(st.integers(0, len(GOOD_SIGNATURE) - 1), st.characters())
def test_a_changed_character_in_the_signature_is_never_accepted(place: int, other: str) -> None:
    changed = GOOD_SIGNATURE[:place] + other + GOOD_SIGNATURE[place + 1 :]
    if changed != GOOD_SIGNATURE:
        assert reason_for(BODY, with_signature(changed)).startswith("signature_")


@settings(max_examples=100, deadline=None)
@given(st.dictionaries(st.sampled_from(["SignatureCertChainUrl", "Signature-256"]), st.text()))
def test_no_headers_raise_anything_but_a_refusal(headers: dict[str, str]) -> None:
    assert reason_for(BODY, headers)


# The body


def test_the_body_is_utf_8_json_and_an_object() -> None:
    assert parsed_envelope('{"a": "\u00e9\U0001f600"}'.encode()) == {"a": "\u00e9\U0001f600"}
    assert parsed_envelope(b'{"a": "\\ud800"}') == {"a": "\ud800"}


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"not json",
        b"{",
        b"{}{}",
        b"[]",
        b'"text"',
        b"null",
        b"1",
        b"\xff\xfe",
        '{"a": 1}'.encode("utf-16"),
        '{"a": 1}'.encode("utf-8-sig"),
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
        b'{"a": "\n"}',
        b'{"a": 1,}',
        b"{'a': 1}",
        b'{"a": 1, "a": 1}',
        b'{"a": {"b": 1, "\\u0062": 2}}',
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e400}',
        b'{"a": -1e400}',
        b'{"a": 123456789012345678901}',
        b'{"a": -123456789012345678901}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b"[" * 100_000,
        b'{"a":' * 100_000,
        b'{"a":' + b"[" * 50_000 + b"]" * 50_000 + b"}",
    ],
    ids=lambda body: repr(body[:30]),
)
def test_a_signed_body_that_is_not_strict_json_is_refused(body: bytes) -> None:
    assert reason_for(body) == "body_malformed"


@pytest.mark.parametrize("number", [0, -1, 12345678901234567890, -12345678901234567890, 1.5, 1e300])
def test_numbers_of_sensible_length_are_accepted(number: float) -> None:
    assert parsed_envelope(as_body({"a": number})) == {"a": number}


# The timestamp


def accepted_at_age(request_type: str, **age: float) -> bool:
    clock = Clock(NOW + timedelta(**age))
    body = as_body(envelope(request_type))
    try:
        make_verifier(clock=clock).verify(signed_headers(body), body)
    except RequestRefusedError as refusal:
        if refusal.reason == "timestamp_outside_window":
            return False
        raise
    return True


@pytest.mark.parametrize(
    ("age_seconds", "accepted"),
    [
        *((age, False) for age in (-3600, -151, -150.001, 150.001, 151, 3600)),
        *((age, True) for age in (-150, -149, 0, 149, 150)),
    ],
)
def test_a_request_is_at_most_150_seconds_off(
    age_seconds: float,
    accepted: bool,  # noqa: FBT001
) -> None:
    assert accepted_at_age("IntentRequest", seconds=age_seconds) is accepted


EVENTS = (
    "SkillEnabled",
    "SkillDisabled",
    "SkillPermissionAccepted",
    "SkillPermissionChanged",
    "SkillAccountLinked",
    "SkillAccountUnlinked",
    "ProactiveSubscriptionChanged",
)


@pytest.mark.parametrize("event", EVENTS)
def test_a_skill_event_may_come_an_hour_late_but_not_early(event: str) -> None:
    name = f"AlexaSkillEvent.{event}"
    assert accepted_at_age(name, seconds=3600)
    assert not accepted_at_age(name, seconds=3601)
    assert accepted_at_age(name, seconds=-150)
    assert not accepted_at_age(name, seconds=-151)


@pytest.mark.parametrize("name", ["AlexaSkillEvents.X", "alexaskillevent.X", "X.AlexaSkillEvent."])
def test_no_other_request_may_come_an_hour_late(name: str) -> None:
    assert not accepted_at_age(name, seconds=151)


@pytest.mark.parametrize(
    "timestamp",
    ["2026-11-22T12:00:00Z", "2026-11-22T12:00:00.250Z", "2026-11-22T14:00:00+02:00"],
)
def test_a_timestamp_may_have_fractions_or_another_zone(timestamp: str) -> None:
    body = as_body(envelope() | {"request": {"type": "LaunchRequest", "timestamp": timestamp}})
    assert VERIFIER.verify(signed_headers(body), body)


@pytest.mark.parametrize(
    "timestamp",
    [
        "",
        "now",
        "2026-11-22",
        "2026-11-22T12:00:00",
        "2026-11-22T12:00:00Zulu",
        "2026-13-22T12:00:00Z",
        "2026-11-22T25:00:00Z",
        "1795348800",
        "2026-11-22T12:00:00\ud800",
        "\u0662026-11-22T12:00:00Z",
        "2026-11-22T12:00:00\x00Z",
        "2026-11-22\x0012:00:00Z",
        "2026-11-22T12:00:00Z\n",
        "2026-W47-7T12:00:00Z",
        "20261122T120000Z",
    ],
)
def test_a_timestamp_without_a_zone_or_a_sense_is_refused(timestamp: str) -> None:
    content = envelope() | {"request": {"type": "LaunchRequest", "timestamp": timestamp}}
    assert reason_for_envelope(content) == "timestamp_malformed"


@pytest.mark.parametrize("extreme", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59"])
def test_a_timestamp_at_the_end_of_time_is_refused(extreme: str) -> None:
    content = envelope() | {"request": {"type": "LaunchRequest", "timestamp": extreme}}
    assert reason_for_envelope(content) == "timestamp_outside_window"


def test_the_age_is_counted_from_the_arrival_not_from_the_end_of_a_fetch() -> None:
    clock = Clock(NOW + timedelta(seconds=149))

    def slow_fetch(_: str) -> bytes:
        clock.move(seconds=2)
        return chains.good_chain()

    verifier = RequestVerifier(SKILL_ID, [chains.root().certificate], slow_fetch, clock)
    assert verifier.verify(HEADERS, BODY)


# The skill


def context_for(skill_id: object) -> dict[str, object]:
    return {"System": {"application": {"applicationId": skill_id}}}


def without(content: dict[str, object], name: str) -> dict[str, object]:
    return {key: value for key, value in content.items() if key != name}


def test_a_request_without_a_session_is_accepted() -> None:
    body = as_body(without(envelope("AlexaSkillEvent.SkillDisabled"), "session"))
    assert VERIFIER.verify(signed_headers(body), body)


@pytest.mark.parametrize(
    "content",
    [
        envelope(skill_id=OTHER_SKILL_ID),
        without(envelope(skill_id=OTHER_SKILL_ID), "session"),
        envelope() | {"context": context_for(OTHER_SKILL_ID)},
        envelope() | {"session": {"application": {"applicationId": OTHER_SKILL_ID}}},
        envelope() | {"session": {"application": {"applicationId": ""}}},
        envelope() | {"context": context_for("")},
        envelope() | {"context": context_for(SKILL_ID.upper())},
        envelope() | {"context": context_for(SKILL_ID + " ")},
    ],
    ids=[
        "both another's",
        "another's without session",
        "context another's",
        "session another's",
        "session empty",
        "context empty",
        "other case",
        "with a blank",
    ],
)
def test_a_request_for_another_skill_is_refused(content: dict[str, object]) -> None:
    assert reason_for_envelope(content) == "skill_id_mismatch"


def test_a_body_that_does_not_name_the_skill_is_worth_no_fetch() -> None:
    store = Store()
    verifier = make_verifier(store)
    for body in (b"", b"not json", as_body(envelope(skill_id=OTHER_SKILL_ID))):
        with refused("skill_id_mismatch"):
            verifier.verify(signed_headers(body), body)
    assert store.fetched == []


def test_who_does_not_name_the_skill_uses_up_no_search_for_a_replaced_key() -> None:
    store, clock = Store(), Clock()
    verifier = RequestVerifier(
        SKILL_ID, [chains.root().certificate], store.fetch, clock, timer=clock.seconds
    )
    verifier.verify(HEADERS, BODY)
    successor = chains.rsa_key("successor")
    chain = chains.pem(chains.issue(chains.Terms(), successor.public_key()))
    store.files[CHAIN_URL] = chain + chains.pem(chains.intermediate().certificate)
    clock.move(seconds=30)
    stranger = as_body(envelope(skill_id=OTHER_SKILL_ID))
    with refused("signature_mismatch"):
        verifier.verify(signed_headers(stranger) | {"Signature-256": "AAAA"}, stranger)
    assert store.fetched == [CHAIN_URL]
    verifier.verify(HEADERS | {"Signature-256": signature_over(BODY, successor)}, BODY)
    assert store.fetched == [CHAIN_URL] * 2


NOT_OBJECTS: tuple[object, ...] = (None, [], "text", 1, True)
NOT_TEXT: tuple[object, ...] = (None, [SKILL_ID], {"id": SKILL_ID}, 1, True)


def misshapen() -> Iterable[dict[str, object]]:
    yield {}
    for name in ("request", "context"):
        yield without(envelope(), name)
    for odd in NOT_OBJECTS:
        for name in ("request", "context", "session"):
            yield envelope() | {name: odd}
        yield envelope() | {"context": {"System": odd}}
        yield envelope() | {"context": {"System": {"application": odd}}}
        yield envelope() | {"session": {"application": odd}}
    for odd in NOT_TEXT:
        yield envelope() | {"context": context_for(odd)}
        yield envelope() | {"session": {"application": {"applicationId": odd}}}
        yield envelope() | {"request": {"type": odd, "timestamp": "2026-11-22T12:00:00Z"}}
        yield envelope() | {"request": {"type": "LaunchRequest", "timestamp": odd}}
    yield envelope() | {"request": {"type": "LaunchRequest"}}
    yield envelope() | {"request": {"timestamp": "2026-11-22T12:00:00Z"}}
    yield envelope() | {"session": {}, "context": {"System": {}}}
    yield envelope() | {"session": {"application": {}}}
    yield envelope() | {"context": {"System": {"application": {}}}}


@pytest.mark.parametrize("content", list(misshapen()))
def test_an_envelope_of_another_shape_is_refused(content: dict[str, object]) -> None:
    assert reason_for_envelope(content) == "envelope_malformed"


ANY_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.just(SKILL_ID),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(["request", "context", "session"]), ANY_JSON)
def test_no_signed_envelope_raises_anything_but_a_refusal(name: str, value: object) -> None:
    assert reason_for_envelope(envelope() | {name: value})


# The JSON of a body


def read_key_by_key(body: bytes) -> object:
    """Return what a body says by the standard library, or raise if a key is there twice."""

    def each_key_once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len({name for name, _ in pairs}) == len(pairs)
        return dict(pairs)

    return json.loads(body.decode(), object_pairs_hook=each_key_once)


KEYS = st.sampled_from(["a", "b", ":", '":', "\\", '\\"', "\\u003a", "é", ""])
VALUES: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(["null", "true", "1", "-2.5", "[]", "{}"])
    | (st.text(max_size=4) | KEYS).flatmap(
        lambda text: st.sampled_from(
            [json.dumps(text), json.dumps(text, ensure_ascii=False).replace(":", "\\u003A")]
        )
    ),
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda members: f"[{','.join(members)}]")
        | st.lists(st.tuples(KEYS, st.sampled_from([":", " :", ": ", "\n:\t"]), inner), max_size=4)
        .map(lambda members: ",".join(json.dumps(k) + colon + v for k, colon, v in members))
        .map("{{{}}}".format)
    ),
    max_leaves=12,
)


@given(VALUES.filter(lambda text: text.startswith("{")))
def test_a_body_is_read_if_and_only_if_each_of_its_keys_is_there_once(text: str) -> None:
    body = text.encode()
    try:
        expected = read_key_by_key(body)
    except AssertionError:
        with pytest.raises(RequestRefusedError, match="body_malformed"):
            parsed_envelope(body)
    else:
        assert parsed_envelope(body) == expected


NUMBERS = st.sampled_from(
    ["-0", "-0.0", "1e5", "1E5", "1e+5", "100000.0", "1e16", "1e22", "5e-324", "1e400", "NaN"]
) | (st.integers(-(2**70), 2**70) | st.floats(allow_nan=False)).map(json.dumps)


@given(
    st.dictionaries(KEYS, VALUES | NUMBERS, max_size=4),
    st.binary(max_size=3)
    | st.sampled_from([b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b'"a":1,']),
    st.integers(0, 100),
)
def test_a_body_without_blanks_is_read_as_strictly_as_any_other(
    members: dict[str, str], spoilt_by: bytes, place: int
) -> None:
    text = ",".join(json.dumps(key) + ":" + value for key, value in members.items())
    whole = f"{{{text}}}".encode()
    for body in (whole, whole[:place] + spoilt_by + whole[place:]):
        # A blank at its end keeps a body from being read by the faster parser.
        assert outcome_of(body) == outcome_of(body + b" ")


def outcome_of(body: bytes) -> str:
    """Return what is read, with its types and signs, or why it is refused."""
    try:
        return repr(parsed_envelope(body))
    except RequestRefusedError as refusal:
        return refusal.reason


@pytest.mark.parametrize(("opening", "closing"), [('{"a":', "}"), ("[", "]")])
@pytest.mark.parametrize(
    ("depth", "is_read"), [(64, True), (65, False), (900, False), (100_000, False)]
)
def test_a_body_is_read_down_to_a_depth_that_alexa_never_reaches(
    opening: str,
    closing: str,
    depth: int,
    is_read: bool,  # noqa: FBT001  # the expected value
) -> None:
    inner = opening * (depth - 2) + "[]" + closing * (depth - 2)
    body = f'{{"inner":{inner}}}'.encode()
    if is_read:
        assert parsed_envelope(body)
    else:
        with pytest.raises(RequestRefusedError, match="body_malformed"):
            parsed_envelope(body)


def test_a_body_may_have_many_members_that_are_not_deep() -> None:
    content = {str(number): [{"a": number}] for number in range(100)}
    assert parsed_envelope(as_body(content)) == content
