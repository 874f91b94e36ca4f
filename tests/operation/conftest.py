"""Two instances behind the proxy, as they are shipped, for the tests of their operation."""

from __future__ import annotations

import resource
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from time import sleep
from typing import TYPE_CHECKING, Any, Final

import pytest

from scripts.simulator.signing import throwaway_authority
from tests.log_lines import lines_in
from tests.operation.certificate_host import certificate_host
from tests.operation.load import Caller, Direct, ThroughProxy, sent
from tests.operation.processes import NGINX, Instance, free_ports, proxy

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import AbstractContextManager
    from pathlib import Path

    from scripts.simulator.signing import SigningAuthority
    from tests.operation.certificate_host import CertificateHost
    from tests.operation.processes import Proxy

    # Given where its log goes and what else is set.
    NewInstance = Callable[[int, Mapping[str, str]], tuple[Instance, CertificateHost, Caller]]

_WARMING_REQUESTS: Final = 60
_QUIET_SECONDS: Final = 0.5


@dataclass(frozen=True)
class Site:
    """All that an operator runs, and who calls it.

    Attributes:
        instances: The two instances.
        proxy: The proxy before them.
        host: Where the certificate chain lies.
        caller: Alexa.
        folder: Where the processes that fetched the chain are written down.
    """

    instances: tuple[Instance, Instance]
    proxy: Proxy
    host: CertificateHost
    caller: Caller
    folder: Path

    @property
    def door(self) -> ThroughProxy:
        """The way in from outside."""
        return ThroughProxy(self.proxy.port, self.proxy.certificate)

    def workers(self) -> list[int]:
        """Return the process ids of all workers."""
        return [worker for instance in self.instances for worker in instance.workers()]

    def fetches(self) -> list[int]:
        """Return the process id behind each fetch of the chain."""
        file = self.folder / "fetches"
        return [int(line) for line in file.read_text().split()] if file.exists() else []

    def logged(self) -> list[dict[str, Any]]:
        """Return what both instances have logged; a line comes a moment after its answer."""
        log, before = self.folder / "log", -1
        while (size := log.stat().st_size) != before:
            before = size
            sleep(_QUIET_SECONDS)
        return lines_in(log)

    def warm_up(self) -> None:
        """Ask until every worker has its key, so that a test measures what it means to."""
        self.caller.opens(self.door)
        with ThreadPoolExecutor(_WARMING_REQUESTS) as senders:
            while not set(self.workers()) <= set(self.fetches()):
                requests = [self.caller.red_flag() for _ in range(_WARMING_REQUESTS)]
                for outcome in senders.map(lambda request: sent(self.door, request), requests):
                    assert outcome.sends_to_emergency, outcome


@pytest.fixture(scope="session", autouse=True)
def _many_open_files() -> Iterator[None]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(8192, hard), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.fixture(scope="session")
def authority() -> SigningAuthority:
    """Return what signs as Alexa does."""
    return throwaway_authority(datetime.now(UTC))


@pytest.fixture(scope="session")
def new_site(
    authority: SigningAuthority, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], AbstractContextManager[Site]]:
    """Return what starts a site; nobody has called it yet."""
    if NGINX is None:
        pytest.skip("nginx is not installed")

    @contextmanager
    def running() -> Iterator[Site]:
        folder = tmp_path_factory.mktemp("site")
        authority.write(folder)
        ports = free_ports(4)
        with certificate_host(authority.chain_pem) as host, (folder / "log").open("wb") as log:
            first, second = (
                Instance(ports[at], ports[at + 2], _settings(folder, host), log.fileno())
                for at in (0, 1)
            )
            try:
                with ThreadPoolExecutor(2) as starters:
                    list(starters.map(Instance.start, (first, second)))
                with proxy(folder / "proxy", (first.port, second.port)) as before:
                    yield Site((first, second), before, host, Caller(authority), folder)
            finally:
                with ThreadPoolExecutor(2) as enders:
                    list(enders.map(Instance.kill, (first, second)))

    return running


@pytest.fixture(scope="session")
def site(new_site: Callable[[], AbstractContextManager[Site]]) -> Iterator[Site]:
    """Run a site for all tests that leave it as they found it."""
    with new_site() as running:
        running.warm_up()
        yield running


@pytest.fixture
def new_instance(authority: SigningAuthority, tmp_path: Path) -> Iterator[NewInstance]:
    """Return what starts one instance without a proxy; its skill has been opened."""
    authority.write(tmp_path)
    started: list[Instance] = []
    with certificate_host(authority.chain_pem) as host:

        def start(
            stderr: int, settings: Mapping[str, str]
        ) -> tuple[Instance, CertificateHost, Caller]:
            port, metrics_port = free_ports(2)
            instance = Instance(
                port, metrics_port, {**_settings(tmp_path, host), **settings}, stderr
            )
            started.append(instance)
            instance.start()
            caller = Caller(authority)
            caller.opens(Direct(instance.port))
            return instance, host, caller

        try:
            yield start
        finally:
            for instance in started:
                instance.kill()


def _settings(folder: Path, host: CertificateHost) -> dict[str, str]:
    return {"OPERATION_FOLDER": str(folder), "OPERATION_CERTIFICATE_PORT": str(host.port)}
