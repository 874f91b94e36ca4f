"""Starts and stops what an operator would: instances of the endpoint, and the proxy before them."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from time import monotonic, sleep
from typing import TYPE_CHECKING, Final

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

ROOT: Final = Path(__file__).parents[2]
HOST_NAME: Final = "skill.example.org"
NGINX: Final = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin")

# Tests are scaled to seconds unless they are told otherwise.
FULL_LENGTH: Final = os.environ.get("OPERATION_TESTS") == "long"

_WORKERS: Final = 2
_START_SECONDS: Final = 15.0
_STEP_SECONDS: Final = 0.02


def measured(*figures: object) -> None:
    """Tell what was measured; `pytest -rP` shows it."""
    print(*figures)  # noqa: T201


def free_ports(count: int) -> list[int]:
    """Return ports that nobody listens at."""
    listeners = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports: list[int] = [listener.getsockname()[1] for listener in listeners]
    for listener in listeners:
        listener.close()
    return ports


def wait_until(holds: Callable[[], bool], what: str, seconds: float = _START_SECONDS) -> float:
    """Wait until something holds, and return how many seconds that took."""
    started = monotonic()
    while not holds():
        assert monotonic() - started < seconds, f"{what} after {seconds} s still not"
        sleep(_STEP_SECONDS)
    return monotonic() - started


def got(port: int, path: str) -> tuple[int, str]:
    """Return status and body of a GET over plain HTTP; status 0 means that nobody answered."""
    connection = HTTPConnection("127.0.0.1", port, timeout=8)
    try:
        connection.request("GET", path)
        response = connection.getresponse()
        return response.status, response.read().decode()
    except (OSError, HTTPException):
        return 0, ""
    finally:
        connection.close()


def resident_bytes(process_id: int) -> int:
    """Return the memory that a process holds."""
    pages = int(Path(f"/proc/{process_id}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def gunicorn_command(*arguments: str) -> list[str]:
    """Return what starts gunicorn with the configuration that is shipped."""
    return [sys.executable, "-m", "gunicorn", *arguments]


def environment(**settings: str) -> dict[str, str]:
    """Return an environment with these settings and none of the caller's own."""
    return {"PATH": os.environ.get("PATH", ""), "HOME": os.environ.get("HOME", "/"), **settings}


@dataclass
class Instance:
    """One instance of the endpoint, under the `gunicorn.conf.py` that is shipped.

    Attributes:
        port: Where it takes requests.
        metrics_port: Where it tells its metrics.
        settings: Its environment.
        stderr: Where its log goes.
    """

    port: int
    metrics_port: int
    settings: Mapping[str, str]
    stderr: int
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it and wait until it is ready."""
        self.process = subprocess.Popen(
            gunicorn_command("tests.operation.served:app"),
            cwd=ROOT,
            env=environment(
                BIND=f"127.0.0.1:{self.port}",
                METRICS_PORT=str(self.metrics_port),
                **self.settings,
            ),
            stderr=self.stderr,
            stdin=subprocess.DEVNULL,
        )
        wait_until(lambda: got(self.port, "/readyz")[0] == 200, "the instance is ready")

    def stop(self) -> float:
        """Send SIGTERM, wait for the end, and return how many seconds that took."""
        assert self.process is not None
        started = monotonic()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(15)
        finally:
            self.kill()
        return monotonic() - started

    def kill(self) -> None:
        """End it at once, if it still runs."""
        if self.process is not None and self.process.poll() is None:
            workers = self.workers()
            self.process.send_signal(signal.SIGQUIT)
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                for process_id in (self.process.pid, *workers):
                    with suppress(ProcessLookupError):
                        os.kill(process_id, signal.SIGKILL)
                self.process.wait()

    def crash(self) -> None:
        """End every process of it at once, with kill -9."""
        assert self.process is not None
        workers = self.workers()
        counts = _mapped_folders(workers)
        for process_id in (self.process.pid, *workers):
            os.kill(process_id, signal.SIGKILL)
        self.process.wait()
        for folder in counts:  # which nobody takes away any more
            shutil.rmtree(folder, ignore_errors=True)

    def most_threads(self) -> int:
        """Return how many threads the worker with the most of them has."""
        return max(len(list(Path(f"/proc/{worker}/task").iterdir())) for worker in self.workers())

    def workers(self) -> list[int]:
        """Return the process ids of its workers."""
        assert self.process is not None
        master = self.process.pid
        children = Path(f"/proc/{master}/task/{master}/children").read_text()
        return [int(child) for child in children.split()]

    def wait_for_workers(self, *, other_than: Sequence[int] = (), seconds: float = 15) -> None:
        """Wait until there are as many workers as there should be, without those given."""
        wait_until(
            lambda: len(set(self.workers()) - set(other_than)) == _WORKERS,
            "there are new workers",
            seconds,
        )

    def memory_bytes(self) -> int:
        """Return what its workers hold together."""
        return sum(resident_bytes(worker) for worker in self.workers())

    def metrics(self) -> str:
        """Return what it tells Prometheus."""
        status, text = got(self.metrics_port, "/metrics")
        assert status == 200
        return text

    def answered(self) -> int:
        """Return how many requests it counted as answered."""
        lines = [line for line in self.metrics().splitlines() if 'outcome="answered"' in line]
        counts = [line for line in lines if line.startswith("skill_requests_total{")]
        return int(sum(float(line.split()[-1]) for line in counts))


@dataclass(frozen=True)
class Proxy:
    """nginx, under the configuration that is shipped.

    Attributes:
        port: Where it takes requests.
        folder: Its logs are here.
        certificate: What a client has to trust.
    """

    port: int
    folder: Path
    certificate: Path
    process: subprocess.Popen[bytes]

    def reload(self) -> None:
        """Read the configuration anew."""
        self.process.send_signal(signal.SIGHUP)

    def logged(self) -> str:
        """Return all that it has logged."""
        return "".join(path.read_text() for path in sorted((self.folder / "log").iterdir()))


@contextmanager
def proxy(folder: Path, instance_ports: tuple[int, int]) -> Iterator[Proxy]:
    """Run the proxy while the block runs.

    Of the file that is shipped only ports and folders are replaced.
    """
    assert NGINX is not None
    (port,) = free_ports(1)
    for name in ("log", "lib", "run"):
        (folder / name).mkdir(parents=True)
    certificate = _write_server_certificate(folder)
    replacements = {
        "listen 443": f"listen 127.0.0.1:{port}",
        "127.0.0.1:8080": f"127.0.0.1:{instance_ports[0]}",
        "127.0.0.1:8081": f"127.0.0.1:{instance_ports[1]}",
        "/etc/ssl/upper-back-check": str(folder),
        "/var/log/nginx": str(folder / "log"),
        "/var/lib/nginx": str(folder / "lib"),
        "/run/nginx.pid": str(folder / "run" / "nginx.pid"),
    }
    text = (ROOT / "deploy" / "nginx.conf").read_text()
    for shipped, ours in replacements.items():
        assert shipped in text, f"deploy/nginx.conf no longer has {shipped}"
        text = text.replace(shipped, ours)
    file = folder / "nginx.conf"
    file.write_text(text)

    process = subprocess.Popen(
        [NGINX, "-p", folder, "-c", file, "-e", folder / "log" / "start.log", "-g", "daemon off;"],
        stdin=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _is_open(port), "the proxy listens")
        # Nothing that comes in may be written down, so nginx must do without.
        (folder / "lib").chmod(0)
        yield Proxy(port, folder, certificate, process)
    finally:
        (folder / "lib").chmod(0o700)
        process.terminate()
        process.wait(15)


def _mapped_folders(process_ids: Sequence[int]) -> set[Path]:
    """Return the folders of the files in which processes count for Prometheus."""
    lines = [
        line
        for process_id in process_ids
        for line in Path(f"/proc/{process_id}/maps").read_text().splitlines()
    ]
    return {
        Path(line.split(maxsplit=5)[5]).parent for line in lines if "/upper-back-check-" in line
    }


def _is_open(port: int) -> bool:
    with socket.socket() as caller:
        return caller.connect_ex(("127.0.0.1", port)) == 0


def _write_server_certificate(folder: Path) -> Path:
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, HOST_NAME)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(HOST_NAME)]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, SHA256())
    )
    path = folder / "chain.pem"
    path.write_bytes(certificate.public_bytes(Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return path
