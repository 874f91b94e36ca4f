from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask.testing import FlaskClient


@pytest.mark.parametrize("host", ["127.0.0.1:8080", "127.0.0.1", "localhost:9000"])
def test_this_machine_gets_the_page(client: FlaskClient, host: str) -> None:
    with client.get("/", headers={"Host": host}) as answer:
        assert answer.status_code == 200


@pytest.mark.parametrize(
    "host",
    ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "[::ffff", "", "10.0.0.1"],
)
@pytest.mark.parametrize("path", ["/", "/static/page.js"])
def test_a_foreign_host_name_gets_nothing(client: FlaskClient, host: str, path: str) -> None:
    answer = client.get(path, headers={"Host": host})
    assert answer.status_code in {400, 403}
    assert len(answer.data) < 200


@pytest.mark.parametrize(
    "origin", ["http://evil.example", "null", "http://localhost:9999", "https://localhost"]
)
def test_another_site_cannot_open_a_tab(client: FlaskClient, origin: str) -> None:
    answer = client.post("/api/tabs", json={"locale": ""}, headers={"Origin": origin})
    assert answer.status_code == 403
    assert answer.get_json() == {"error": "Origin: only the page itself may send this"}


def test_the_page_itself_can(client: FlaskClient) -> None:
    own = {"Origin": "http://localhost"}
    assert client.post("/api/tabs", json={"locale": ""}, headers=own).status_code == 200


@pytest.mark.parametrize("path", ["/", "/static/page.js", "/no/such/page"])
def test_every_answer_tells_the_browser_to_be_strict(client: FlaskClient, path: str) -> None:
    with client.get(path) as answer:
        headers = answer.headers
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert not any("unsafe" in sources or "*" in sources for sources in policy.values())
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
