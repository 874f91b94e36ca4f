"""Where a sender says that the certificates lie: what is fetched then, and what never is."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Final

import pytest

from skill.errors import RequestRefusedError
from skill.web.chain_fetch import fetch_certificate_chain
from skill.web.verification import RequestVerifier
from tests.web import chains
from tests.web.attack.sending import refusal_of
from tests.web.chains import SKILL_ID, Clock, Store, as_body, envelope, signed_headers

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

BODY: Final = as_body(envelope())
S3: Final = "https://s3.amazonaws.com"
GOOD: Final = f"{S3}/echo.api/echo-api-cert.pem"

ACCEPTED: Final[Mapping[str, tuple[str, str]]] = {
    "as Alexa sends it": (GOOD, "/echo.api/echo-api-cert.pem"),
    "numbered": (f"{S3}/echo.api/echo-api-cert-12.pem", "/echo.api/echo-api-cert-12.pem"),
    "port 443": (f"{S3}:443/echo.api/a.pem", "/echo.api/a.pem"),
    "upper-case scheme": ("HTTPS://s3.amazonaws.com/echo.api/a.pem", "/echo.api/a.pem"),
    "upper-case host": ("https://S3.AMAZONAWS.COM/echo.api/a.pem", "/echo.api/a.pem"),
    "mixed case, port": ("hTTpS://s3.AmazonAWS.com:443/echo.api/A.pem", "/echo.api/A.pem"),
    "up and down again": (f"{S3}/echo.api/../echo.api/a.pem", "/echo.api/a.pem"),
    "dots in front": (f"{S3}/./echo.api/a.pem", "/echo.api/a.pem"),
    "above the top": (f"{S3}/../../../echo.api/a.pem", "/echo.api/a.pem"),
    "through another folder": (f"{S3}/bucket/../echo.api/a.pem", "/echo.api/a.pem"),
    "through two folders": (f"{S3}/a/b/../../echo.api/a.pem", "/echo.api/a.pem"),
    "dots inside": (f"{S3}/echo.api/x/./../a.pem", "/echo.api/a.pem"),
    "sub-folder": (f"{S3}/echo.api/new/a.pem", "/echo.api/new/a.pem"),
    "three dots are a name": (f"{S3}/echo.api/.../a.pem", "/echo.api/.../a.pem"),
    "empty segment": (f"{S3}/echo.api//a.pem", "/echo.api//a.pem"),
    "other ending": (f"{S3}/echo.api/a.cer", "/echo.api/a.cer"),
    "no ending": (f"{S3}/echo.api/a", "/echo.api/a"),
    "tilde, dash, underscore": (f"{S3}/echo.api/~a-b_c.pem", "/echo.api/~a-b_c.pem"),
}

REFUSED: Final[Mapping[str, str]] = {
    "empty": "",
    "blank": " ",
    "a word": "echo-api-cert.pem",
    "a path": "/echo.api/a.pem",
    "no scheme": "s3.amazonaws.com/echo.api/a.pem",
    "protocol-relative": "//s3.amazonaws.com/echo.api/a.pem",
    "scheme alone": "https://",
    "scheme and colon": "https:",
    "no host": "https:///echo.api/a.pem",
    "one slash": "https:/s3.amazonaws.com/echo.api/a.pem",
    "three slashes": "https:///s3.amazonaws.com/echo.api/a.pem",
    "backslashes for slashes": "https:\\\\s3.amazonaws.com\\echo.api\\a.pem",
    "http": "http://s3.amazonaws.com/echo.api/a.pem",
    "http on 443": "http://s3.amazonaws.com:443/echo.api/a.pem",
    "ftp": "ftp://s3.amazonaws.com/echo.api/a.pem",
    "file": "file:///echo.api/a.pem",
    "file with host": "file://s3.amazonaws.com/echo.api/a.pem",
    "gopher": "gopher://s3.amazonaws.com/echo.api/a.pem",
    "data": "data:text/plain,https://s3.amazonaws.com/echo.api/a.pem",
    "jar": "jar:https://s3.amazonaws.com/echo.api/a.pem",
    "javascript": "javascript:https://s3.amazonaws.com/echo.api/a.pem",
    "url:": "url:https://s3.amazonaws.com/echo.api/a.pem",
    "httpss": "httpss://s3.amazonaws.com/echo.api/a.pem",
    "long s in the scheme": "http\u017f://s3.amazonaws.com/echo.api/a.pem",
    "scheme twice": "https://https://s3.amazonaws.com/echo.api/a.pem",
    "another host": "https://evil.example/echo.api/a.pem",
    "this machine": "https://127.0.0.1/echo.api/a.pem",
    "this machine by name": "https://localhost/echo.api/a.pem",
    "this machine as a number": "https://2130706433/echo.api/a.pem",
    "this machine in hex": "https://0x7f000001/echo.api/a.pem",
    "this machine in short": "https://127.1/echo.api/a.pem",
    "this machine, IPv6": "https://[::1]/echo.api/a.pem",
    "this machine, mapped": "https://[::ffff:127.0.0.1]/echo.api/a.pem",
    "bracket left open": "https://[/echo.api/a.pem",
    "host in brackets": "https://[s3.amazonaws.com]/echo.api/a.pem",
    "zone in brackets": "https://[fe80::1%25eth0]/echo.api/a.pem",
    "the cloud's own address": "https://169.254.169.254/echo.api/a.pem",
    "the cloud's own address, no TLS": "http://169.254.169.254/latest/meta-data/",
    "longer host": "https://s3.amazonaws.com.evil.example/echo.api/a.pem",
    "host in front": "https://evil.s3.amazonaws.com/echo.api/a.pem",
    "glued in front": "https://evils3.amazonaws.com/echo.api/a.pem",
    "bucket in the host": "https://echo.api.s3.amazonaws.com/a.pem",
    "a region": "https://s3.eu-west-1.amazonaws.com/echo.api/a.pem",
    "a region by hyphen": "https://s3-eu-west-1.amazonaws.com/echo.api/a.pem",
    "the domain": "https://amazonaws.com/echo.api/a.pem",
    "another ending": "https://s3.amazonaws.co/echo.api/a.pem",
    "China": "https://s3.amazonaws.com.cn/echo.api/a.pem",
    "trailing dot": "https://s3.amazonaws.com./echo.api/a.pem",
    "leading dot": "https://.s3.amazonaws.com/echo.api/a.pem",
    "dot for any letter": "https://s3xamazonaws.com/echo.api/a.pem",
    "wide letters": "https://\uff53\uff13.amazonaws.com/echo.api/a.pem",
    "long s in the host": "https://\u017f3.amazonaws.com/echo.api/a.pem",
    "Cyrillic a": "https://s3.\u0430mazonaws.com/echo.api/a.pem",
    "ideographic dot": "https://s3\u3002amazonaws\u3002com/echo.api/a.pem",
    "punycode": "https://s3.xn--mazonaws-2fg.com/echo.api/a.pem",
    "soft hyphen": "https://s3.amazon\u00adaws.com/echo.api/a.pem",
    "zero-width joiner": "https://s3.amazonaws\u200d.com/echo.api/a.pem",
    "percent in the host": "https://s3.amazonaws%2ecom/echo.api/a.pem",
    "NUL in the host": "https://s3.amazonaws.com\0.evil.example/echo.api/a.pem",
    "user": "https://alexa@s3.amazonaws.com/echo.api/a.pem",
    "user and password": "https://alexa:amazon@s3.amazonaws.com/echo.api/a.pem",
    "empty user": "https://@s3.amazonaws.com/echo.api/a.pem",
    "empty user and password": "https://:@s3.amazonaws.com/echo.api/a.pem",
    "host as a user": "https://s3.amazonaws.com@evil.example/echo.api/a.pem",
    "host and port as a user": "https://s3.amazonaws.com:443@evil.example/echo.api/a.pem",
    "host and folder as a user": "https://s3.amazonaws.com/echo.api/@evil.example/a.pem",
    "host by backslash": "https://evil.example\\@s3.amazonaws.com/echo.api/a.pem",
    "port 80": f"{S3}:80/echo.api/a.pem",
    "port 444": f"{S3}:444/echo.api/a.pem",
    "port 8443": f"{S3}:8443/echo.api/a.pem",
    "port 4433": f"{S3}:4433/echo.api/a.pem",
    "port 0": f"{S3}:0/echo.api/a.pem",
    "no port behind the colon": f"{S3}:/echo.api/a.pem",
    "port with a zero in front": f"{S3}:0443/echo.api/a.pem",
    "port with a sign": f"{S3}:+443/echo.api/a.pem",
    "negative port": f"{S3}:-443/echo.api/a.pem",
    "port beyond": f"{S3}:65979/echo.api/a.pem",
    "huge port": f"{S3}:{'4' * 400}/echo.api/a.pem",
    "port in letters": f"{S3}:https/echo.api/a.pem",
    "port in other digits": f"{S3}:\u0664\u0664\u0663/echo.api/a.pem",
    "port in superscript": f"{S3}:\u2074\u2074\u00b3/echo.api/a.pem",
    "two ports": f"{S3}:443:443/echo.api/a.pem",
    "blank before the port": f"{S3} :443/echo.api/a.pem",
    "no path": S3,
    "root": f"{S3}/",
    "folder without its slash": f"{S3}/echo.api",
    "upper-case folder": f"{S3}/ECHO.API/a.pem",
    "mixed-case folder": f"{S3}/EcHo.aPi/a.pem",
    "another folder": f"{S3}/invalid.path/a.pem",
    "longer folder": f"{S3}/echo.api.evil/a.pem",
    "shorter folder": f"{S3}/echo.ap/a.pem",
    "folder with another dot": f"{S3}/echoXapi/a.pem",
    "folder further down": f"{S3}/evil/echo.api/a.pem",
    "two slashes in front": f"{S3}//echo.api/a.pem",
    "empty folder above": f"{S3}/..//echo.api/a.pem",
    "up and out": f"{S3}/echo.api/../evil/a.pem",
    "up and out, deep": f"{S3}/echo.api/a/b/../../../evil/a.pem",
    "up and out by the end": f"{S3}/echo.api/..",
    "out through an empty segment": f"{S3}/echo.api//../../evil/a.pem",
    "dots and out": f"{S3}/echo.api/./.././evil/a.pem",
    "far above the top": f"{S3}/echo.api/../../../../evil/a.pem",
    "encoded dots": f"{S3}/echo.api/%2e%2e/evil/a.pem",
    "half-encoded dots": f"{S3}/echo.api/.%2e/evil/a.pem",
    "encoded slash": f"{S3}/echo.api/..%2fevil/a.pem",
    "doubly encoded": f"{S3}/echo.api/%252e%252e/evil/a.pem",
    "overlong encoding": f"{S3}/echo.api/%c0%ae%c0%ae/evil/a.pem",
    "encoded folder": f"{S3}/%65cho.api/a.pem",
    "encoded NUL": f"{S3}/echo.api/a.pem%00.txt",
    "encoded line break": f"{S3}/echo.api/a.pem%0d%0aHost:evil",
    "encoded question mark": f"{S3}/echo.api/a.pem%3fx",
    "harmlessly encoded": f"{S3}/echo.api/%61.pem",
    "percent alone": f"{S3}/echo.api/%",
    "wide dots": f"{S3}/echo.api/\uff0e\uff0e/evil/a.pem",
    "one dot leader": f"{S3}/echo.api/\u2024\u2024/evil/a.pem",
    "two dot leader": f"{S3}/echo.api/\u2025/evil/a.pem",
    "division slash": f"{S3}\u2215echo.api\u2215a.pem",
    "wide slash": f"{S3}\uff0fecho.api\uff0fa.pem",
    "wide folder": f"{S3}/\uff45cho.api/a.pem",
    "backslash up": f"{S3}/echo.api/..\\..\\evil\\a.pem",
    "backslash in front": f"{S3}\\echo.api/a.pem",
    "backslash behind": f"{S3}/echo.api\\a.pem",
    "query": f"{S3}/echo.api/a.pem?x=1",
    "empty query": f"{S3}/echo.api/a.pem?",
    "query for a folder": f"{S3}?/echo.api/a.pem",
    "fragment": f"{S3}/echo.api/a.pem#x",
    "empty fragment": f"{S3}/echo.api/a.pem#",
    "fragment for a folder": f"{S3}/#/echo.api/a.pem",
    "fragment for a host": "https://evil.example#@s3.amazonaws.com/echo.api/a.pem",
    "query for a host": "https://evil.example?@s3.amazonaws.com/echo.api/a.pem",
    "parameters": f"{S3}/echo.api/a.pem;x=1",
    "parameters for a folder": f"{S3}/echo.api;/../evil/a.pem",
    "plus": f"{S3}/echo.api/a+b.pem",
    "star": f"{S3}/echo.api/*.pem",
    "quote": f'{S3}/echo.api/a".pem',
    "angle": f"{S3}/echo.api/<a>.pem",
    "pipe": f"{S3}/echo.api/a|b.pem",
    "caret": f"{S3}/echo.api/a^b.pem",
    "braces": f"{S3}/echo.api/{{a}}.pem",
    "dollar": f"{S3}/echo.api/$a.pem",
    "ampersand": f"{S3}/echo.api/a&b.pem",
    "colon in the path": f"{S3}/echo.api/a:b.pem",
    "at in the path": f"{S3}/echo.api/a@b.pem",
    "comma": f"{S3}/echo.api/a.pem,b.pem",
    "twice": f"{GOOD},{GOOD}",
    "blank in front": f" {GOOD}",
    "blank behind": f"{GOOD} ",
    "blank inside": f"{S3}/echo.api/a b.pem",
    "no-break space": f"{GOOD}\u00a0",
    "tab in front": f"\t{GOOD}",
    "tab in the scheme": f"ht\ttps{GOOD[5:]}",
    "tab in the folder": f"{S3}/echo\t.api/a.pem",
    "line feed behind": f"{GOOD}\n",
    "line feed inside": f"{S3}/echo.api/\na.pem",
    "CR behind": f"{GOOD}\r",
    "header smuggled": f"{GOOD}\r\nHost: evil.example",
    "request smuggled": f"{GOOD} HTTP/1.1\r\n\r\nGET /evil",
    "vertical tab": f"{GOOD}\x0b",
    "form feed": f"{GOOD}\x0c",
    "NUL behind": f"{GOOD}\0",
    "DEL inside": f"{S3}/echo.api/a\x7f.pem",
    "C1 control": f"{S3}/echo.api/a\x85.pem",
    "line separator": f"{GOOD}\u2028",
    "byte order mark": f"\ufeff{GOOD}",
    "right to left": f"{S3}/echo.api/\u202emep.a",
    "half a surrogate pair": f"{S3}/echo.api/\ud800.pem",
    "letter with an accent": f"{S3}/echo.api/\u00e9.pem",
    "digits of another script": f"{S3}/echo.api/\u0661.pem",
    "a URL in angles": f"<{GOOD}>",
    "a URL in quotes": f'"{GOOD}"',
    "513 characters": f"{S3}/echo.api/".ljust(513, "a"),
    "8,000 characters": f"{S3}/echo.api/".ljust(8_000, "a"),
    "a million dots": f"{S3}/" + "./" * 500_000 + "echo.api/a.pem",
}


def verified(url: str) -> Store:
    """Send a request that is good but for its URL, and return what was fetched for it."""
    store = Store()
    verifier = RequestVerifier(SKILL_ID, [chains.root().certificate], store.fetch, Clock())
    refusal = refusal_of(verifier, signed_headers(BODY, url), BODY)
    if refusal is not None:
        assert (refusal.reason, refusal.status) == ("chain_url_refused", 400)
    return store


@pytest.mark.parametrize("name", ACCEPTED)
def test_what_was_checked_is_what_is_fetched(name: str) -> None:
    url, path = ACCEPTED[name]
    assert verified(url).fetched == [S3 + path]


@pytest.mark.parametrize("name", REFUSED)
def test_nothing_is_fetched_from_anywhere_else(name: str) -> None:
    assert verified(REFUSED[name]).fetched == []


# --- on the wire ----------------------------------------------------------------------------


@contextmanager
def trap() -> Iterator[tuple[int, list[bytes]]]:
    """Listen on this machine, and note what every connection asks for; it is sent elsewhere."""
    asked: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        answer = (
            "HTTP/1.1 302 Found\r\nContent-Length: 0\r\n"
            f"Location: http://127.0.0.1:{port}/latest/meta-data/\r\n\r\n"
        )

        def serve() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    asked.append(connection.recv(65536))
                    connection.sendall(answer.encode())

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield port, asked
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join(10)


def sent_to(port: int, url: str) -> list[str]:
    """Send a request with that URL to a verifier that would fetch from the trap."""
    hosts: list[str] = []

    def connect(host: str, timeout_seconds: float) -> HTTPConnection:
        hosts.append(host)
        return HTTPConnection("127.0.0.1", port, timeout=timeout_seconds)

    def fetch(canonical: str) -> bytes:
        return fetch_certificate_chain(canonical, connect=connect)

    verifier = RequestVerifier(SKILL_ID, [chains.root().certificate], fetch, Clock())
    with pytest.raises(RequestRefusedError):
        verifier.verify(signed_headers(BODY, url), BODY)
    return hosts


def test_no_refused_url_makes_a_connection() -> None:
    with trap() as (port, asked):
        for url in REFUSED.values():
            at_the_trap = url.replace("evil.example", f"127.0.0.1:{port}")
            for one in (url, at_the_trap):
                assert sent_to(port, one) == []
    assert asked == []


def test_a_redirect_is_not_followed() -> None:
    with trap() as (port, asked):
        assert sent_to(port, GOOD) == ["s3.amazonaws.com"]
    assert [request.split(b"\r\n")[0] for request in asked] == [
        b"GET /echo.api/echo-api-cert.pem HTTP/1.1"
    ]


@pytest.mark.parametrize("name", ACCEPTED)
def test_one_host_is_asked_for_the_canonical_path(name: str) -> None:
    url, path = ACCEPTED[name]
    with trap() as (port, asked):
        assert sent_to(port, url) == ["s3.amazonaws.com"]
    (request,) = asked
    assert request.split(b"\r\n")[0].decode() == f"GET {path} HTTP/1.1"
    assert request.find(b"\r\n\r\n") == len(request) - 4  # and nothing is smuggled in behind it
