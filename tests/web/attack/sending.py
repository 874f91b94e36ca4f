"""The whole application with the real skill behind it, and raw requests to it."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256

from skill.errors import RequestRefusedError
from skill.web.endpoint import create_app
from skill.web.verification import RequestVerifier
from tests.web import chains
from tests.web.chains import CHAIN_URL, NOW, SKILL_ID, Clock, Store, as_body, rsa_key

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from flask import Flask
    from werkzeug.test import TestResponse

    from skill.web.kept_chains import KeptChains
    from skill.web.verification import Headers
    from tests.conftest import Answering

URL_KEY: Final = "HTTP_SIGNATURECERTCHAINURL"
SIGNATURE_KEY: Final = "HTTP_SIGNATURE_256"


def signature_of(body: bytes) -> str:
    """Return the signature that Alexa would send with a body."""
    return base64.b64encode(rsa_key("alexa").sign(body, PKCS1v15(), SHA256())).decode()


@dataclass(frozen=True)
class Sent:
    """A request as it comes from the server: environment and body, whatever is in them.

    Attributes:
        body: The body.
        signed: What is signed in place of the body.
        environ: Entries of the WSGI environment; an entry of ``None`` is left out.
        method: The method.
        path: The path.
    """

    body: bytes
    signed: bytes | None = None
    environ: Mapping[str, object] = field(default_factory=dict)
    method: str = "POST"
    path: str = "/"

    def to(self, app: Flask) -> TestResponse:
        """Send it."""
        environ: dict[str, object] = {
            "PATH_INFO": self.path,
            "CONTENT_TYPE": "application/json; charset=utf-8",
            "CONTENT_LENGTH": str(len(self.body)),
            "HTTP_USER_AGENT": "Apache-HttpClient/4.5.x (Java/1.8.0)",
            URL_KEY: CHAIN_URL,
            **self.environ,
        }
        if SIGNATURE_KEY not in environ:
            signed = self.body if self.signed is None else self.signed
            environ[SIGNATURE_KEY] = signature_of(signed)
        left_out = [name for name, value in environ.items() if value is None]
        for name in left_out:
            del environ[name]
        client = app.test_client()
        return client.open(
            "/",
            method=self.method,
            input_stream=io.BytesIO(self.body),
            environ_overrides=environ,
        )


def refusal_of(
    verifier: RequestVerifier, headers: Headers, body: bytes
) -> RequestRefusedError | None:
    """Return why a request is refused, or nothing if it is accepted."""
    try:
        verifier.verify(headers, body)
    except RequestRefusedError as refusal:
        return refusal
    return None


def verifier_of(
    fetch: Callable[[str], bytes], clock: Clock, kept: KeptChains | None = None
) -> RequestVerifier:
    """Return what trusts the throwaway root, and whose time goes by the clock alone."""
    anchors = [chains.root().certificate]
    return RequestVerifier(SKILL_ID, anchors, fetch, clock, kept, timer=clock.seconds)


def application(answer: Answering, store: Store | None = None, clock: Clock | None = None) -> Flask:
    """Return the application with such a verifier."""
    return create_app(answer, verifier_of((store or Store()).fetch, clock or Clock()))


def said(
    intent: str = "AMAZON.YesIntent",
    slots: Mapping[str, object] | None = None,
    attributes: Mapping[str, object] | None = None,
    **request: Any,  # noqa: ANN401  # any JSON
) -> dict[str, object]:
    """Return an envelope with everything in it that Alexa sends with an intent."""
    application_ = {"applicationId": SKILL_ID}
    user = {
        "userId": "amzn1.ask.account.USER",
        "accessToken": "Atza|ACCESS",
        "permissions": {"consentToken": "CONSENT", "scopes": {"s": {"status": "GRANTED"}}},
    }
    return {
        "version": "1.0",
        "session": {
            "new": False,
            "sessionId": "amzn1.echo-api.session.1",
            "application": application_,
            "attributes": dict(attributes or {}),
            "user": user,
        },
        "context": {
            "System": {
                "application": application_,
                "user": user,
                "person": {"personId": "amzn1.ask.person.PERSON", "accessToken": "Atza|PERSON"},
                "device": {
                    "deviceId": "amzn1.ask.device.DEVICE",
                    "supportedInterfaces": {"AudioPlayer": {}},
                },
                "unit": {"unitId": "amzn1.ask.unit.UNIT", "persistentUnitId": "PERSISTENT"},
                "apiEndpoint": "https://api.amazonalexa.com",
                "apiAccessToken": "API.TOKEN",
            },
            "AudioPlayer": {"playerActivity": "IDLE", "token": "AUDIO", "offsetInMilliseconds": 0},
            "Viewport": {"shape": "ROUND", "dpi": 160, "experiences": [{"canRotate": False}]},
            "Geolocation": {"timestamp": "2026", "coordinate": {"latitudeInDegrees": 38.2}},
        },
        "request": {
            "type": "IntentRequest",
            "requestId": "amzn1.echo-api.request.1",
            "timestamp": NOW.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "locale": "en-US",
            "dialogState": "STARTED",
            "intent": {
                "name": intent,
                "confirmationStatus": "NONE",
                "slots": dict(slots or {}),
            },
            **request,
        },
    }


def matched(slot: str, finding: str, value: str = "words") -> dict[str, object]:
    """Return the slots of an intent in which the words matched a finding."""
    return {
        slot: {
            "name": slot,
            "value": value,
            "confirmationStatus": "NONE",
            "source": "USER",
            "resolutions": {
                "resolutionsPerAuthority": [
                    {
                        "authority": "amzn1.er-authority.echo-sdk.AUTHORITY.FINDING",
                        "status": {"code": "ER_SUCCESS_MATCH"},
                        "values": [{"value": {"name": value, "id": finding}}],
                    }
                ]
            },
        }
    }


def post(app: Flask, envelope: Mapping[str, object]) -> TestResponse:
    """Send an envelope as Alexa would."""
    return Sent(as_body(envelope)).to(app)
