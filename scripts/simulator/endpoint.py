"""The line from Alexa's cloud to the skill: one signed HTTP POST per request."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import urlsplit

from scripts.simulator.errors import EndpointError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

# "Request and Response JSON Reference": Alexa waits about 8 s for an answer.
ANSWER_TIMEOUT_SECONDS: Final = 8.0


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """What came back.

    Attributes:
        status: The HTTP status.
        envelope: The body, where it is a JSON object.
    """

    status: int
    envelope: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint of a skill.

    Attributes:
        url: Its address, over plain HTTP since it is on this machine.
        signed_headers: Gives the headers that prove a body to be Alexa's.
    """

    url: str
    signed_headers: Callable[[bytes], Mapping[str, str]]

    def post(self, envelope: Mapping[str, object]) -> HttpAnswer:
        """Send a request envelope and return the answer, whatever its status.

        Raises:
            EndpointError: Nobody answered, or not in HTTP or in time.
        """
        body = json.dumps(envelope).encode()
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Accept": "application/json",
            **self.signed_headers(body),
        }
        parts = urlsplit(self.url)
        connection = HTTPConnection(
            parts.hostname or "", parts.port, timeout=ANSWER_TIMEOUT_SECONDS
        )
        try:
            with closing(connection):
                connection.request("POST", parts.path or "/", body, headers)
                response = connection.getresponse()
                return HttpAnswer(response.status, _json_object(response.read()))
        except TimeoutError as error:
            raise EndpointError(
                f"{self.url} did not answer within {ANSWER_TIMEOUT_SECONDS:.0f} s"
            ) from error
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise EndpointError(f"{self.url} cannot be reached ({reason})") from error
        except HTTPException as error:
            raise EndpointError(f"{self.url} did not answer in HTTP") from error


def _json_object(body: bytes) -> dict[str, object] | None:
    try:
        content: object = json.loads(body)
    except ValueError:
        return None
    return content if isinstance(content, dict) else None
