from __future__ import annotations

import json
import ssl
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import sleep
from typing import TYPE_CHECKING

import pytest

from tests.log_lines import lines_in
from tests.operation.load import Direct, SignedRequest, ThroughProxy, sent
from tests.operation.processes import HOST_NAME, got

if TYPE_CHECKING:
    from tests.operation.conftest import Site

CANARY = "canary"


def _asked(site: Site, method: str, path: str, host: str = HOST_NAME) -> int:
    connection = site.door.connection()
    try:
        connection.request(method, path, headers={"Host": host})
        return connection.getresponse().status
    finally:
        connection.close()


@pytest.mark.parametrize("path", ["/metrics", "/healthz", "/readyz", "/x", "/%2e/metrics"])
def test_the_proxy_lets_nobody_ask_for_anything_but_a_turn(site: Site, path: str) -> None:
    assert _asked(site, "GET", path) == 404


def test_the_proxy_takes_turns_by_post_alone(site: Site) -> None:
    assert {_asked(site, method, "/") for method in ("GET", "PUT", "OPTIONS")} == {405}


def test_the_proxy_turns_away_who_asks_for_another_name(site: Site) -> None:
    assert _asked(site, "POST", "/", host="example.com") == 421
    stranger = ThroughProxy(site.proxy.port, site.proxy.certificate, "example.com")
    with pytest.raises(ssl.SSLError, match="UNRECOGNIZED_NAME"):
        stranger.connection()


def test_an_instance_tells_its_metrics_at_their_own_port_alone(site: Site) -> None:
    instance = site.instances[0]
    assert got(instance.port, "/metrics")[0] == 404
    assert got(instance.metrics_port, "/metrics")[0] == 200
    assert got(instance.metrics_port, "/readyz")[0] == 404


def test_an_instance_is_ready_and_well(site: Site) -> None:
    for instance in site.instances:
        assert got(instance.port, "/readyz")[0] == 200
        assert got(instance.port, "/healthz")[0] == 200


def test_the_metrics_count_what_every_worker_answered(site: Site) -> None:
    for instance in site.instances:
        # Not through the proxy, which leaves an instance alone for a while after a stop.
        sleep(0.2)  # until what other tests sent is counted
        door, before = Direct(instance.port), instance.answered()
        with ThreadPoolExecutor(20) as callers:
            requests = [site.caller.red_flag() for _ in range(100)]
            outcomes = list(callers.map(partial(sent, door), requests))
        assert all(outcome.sends_to_emergency for outcome in outcomes)
        # They are counted a moment later, each once.
        sleep(1)
        assert instance.answered() - before == 100


def test_nothing_that_a_caller_sends_is_told_anywhere(site: Site) -> None:
    good = site.caller.red_flag()
    envelope = json.loads(good.body)
    envelope["session"]["user"]["userId"] = f"amzn1.ask.account.{CANARY}"
    envelope["request"]["intent"]["slots"] = {"finding": {"name": "finding", "value": CANARY}}
    envelope["context"]["System"]["apiAccessToken"] = CANARY
    signed = site.caller.signed(json.dumps(envelope).encode())
    headers = {**signed.headers, "User-Agent": CANARY, "X-Canary": CANARY, "Cookie": CANARY}
    requests = [
        SignedRequest(signed.body, headers),
        SignedRequest(signed.body + CANARY.encode(), headers),
        SignedRequest(signed.body, {**headers, "Signature-256": CANARY}),
        SignedRequest(signed.body, {**headers, "SignatureCertChainUrl": f"https://{CANARY}/"}),
    ]
    assert [sent(site.door, request).status for request in requests] == [200, 400, 400, 400]
    assert _asked(site, "GET", f"/{CANARY}?{CANARY}") == 404
    assert _asked(site, "CANARY", "/") == 405

    texts = [str(site.logged()), site.proxy.logged(), *(one.metrics() for one in site.instances)]
    assert "refused" in texts[0]
    assert texts[1]
    assert not [text for text in texts if CANARY in text.lower()]


def test_every_line_logged_is_json(site: Site) -> None:
    assert sent(site.door, site.caller.red_flag()).sends_to_emergency
    for line in site.logged():
        assert line["event"]
    for line in lines_in(site.proxy.folder / "log" / "upper-back-check.log"):
        assert line["status"]


def test_the_largest_body_needs_no_disk(site: Site) -> None:
    # The proxy of the tests cannot write to its folders.
    large = site.caller.signed(b" " * 256 * 1024)
    assert sent(site.door, large).status == 400
