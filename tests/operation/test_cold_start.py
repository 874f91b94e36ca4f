from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TYPE_CHECKING, Final

from tests.operation.load import Connected, Outcome, SignedRequest, sent
from tests.operation.processes import measured

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from tests.operation.conftest import Site

_CALLERS: Final = 200
_FETCH_SECONDS: Final = 0.3


def test_the_first_requests_all_at_once_cost_one_fetch_in_each_worker(
    new_site: Callable[[], AbstractContextManager[Site]],
) -> None:
    with new_site() as site, ThreadPoolExecutor(_CALLERS) as callers:
        site.host.delay_seconds = _FETCH_SECONDS
        all_ready = Barrier(_CALLERS)

        def call(request: SignedRequest) -> Outcome:
            # Connected beforehand, so that what is measured is the wait behind the proxy.
            connection = site.door.connection()
            all_ready.wait()
            return sent(Connected(connection), request)

        outcomes = list(callers.map(call, [site.caller.launch() for _ in range(_CALLERS)]))
        longest = max(outcome.seconds for outcome in outcomes)
        fetches = Counter(site.fetches())
        measured(f"{len(fetches)} of {len(site.workers())} workers fetched once, {longest:.3f} s")
    assert {outcome.status for outcome in outcomes} == {200}
    assert set(fetches.values()) == {1}
    assert longest <= _FETCH_SECONDS + 1
