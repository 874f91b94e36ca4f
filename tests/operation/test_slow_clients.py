from __future__ import annotations

from collections import Counter
from time import sleep
from typing import TYPE_CHECKING

from tests.operation.load import steady_load
from tests.operation.processes import FULL_LENGTH, measured, wait_until
from tests.operation.slow_clients import Manner, SlowClient, slow_clients

if TYPE_CHECKING:
    from tests.operation.conftest import Site


def _open(clients: list[SlowClient], *manners: Manner) -> Counter[Manner]:
    return Counter(
        client.manner
        for client in clients
        if client.closed_after_seconds is None and client.manner in manners
    )


def test_slow_clients_are_cut_off_and_keep_nobody_waiting(site: Site) -> None:
    each = 1000 if FULL_LENGTH else 200
    # The long run has more bodies than one address may send, so those that last come first.
    trickled = each // 5
    counts = {
        Manner.TRICKLED_BODY: trickled,
        Manner.STALLED_BODY: each - trickled,
        Manner.HEADERS: each,
    }
    with slow_clients(site.door, counts) as slow, steady_load(site.caller, site.door) as load:
        sleep(60 if FULL_LENGTH else 5)
        wait_until(
            lambda: not _open(slow, Manner.HEADERS, Manner.STALLED_BODY),
            "clients that are slow with their headers or pause are cut off",
            30,
        )
        # nginx has no limit for the whole of a body, so this is what the operator does.
        site.proxy.reload()
        wait_until(
            lambda: not _open(slow, Manner.TRICKLED_BODY),
            "clients that send a body byte by byte are cut off by a reload",
            30,
        )
    longest = {
        manner.name: max(
            client.closed_after_seconds or 0.0 for client in slow if client.manner is manner
        )
        for manner in Manner
    }
    measured(load, longest)
    assert load.failed == []
    assert load.percentile_seconds(99) < 0.5
    assert longest["HEADERS"] <= 30
    assert longest["STALLED_BODY"] <= 30
