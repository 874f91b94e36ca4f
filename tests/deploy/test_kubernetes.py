"""The manifests say what Kubernetes knows, and run the skill as the container and gunicorn do.

No cluster was at hand: this is what can be known of them without one.
"""

from __future__ import annotations

import re
import runpy
from pathlib import Path
from typing import Any, Final

import kubernetes_validate  # type: ignore[import-untyped]  # it has no types
import pytest
import yaml  # type: ignore[import-untyped]  # it has no types

Json = Any

ROOT: Final = Path(__file__).resolve().parents[2]
MANIFESTS: Final[list[Json]] = list(
    yaml.safe_load_all((ROOT / "deploy" / "kubernetes.yaml").read_text(encoding="utf-8"))
)
CONTAINERFILE: Final = (ROOT / "deploy" / "Containerfile").read_text(encoding="utf-8")
NGINX: Final = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
ALEXA_WAITS: Final = 8
# The oldest that a cluster is likely to run, and the newest that the validator knows.
VERSIONS: Final = ("1.31", kubernetes_validate.latest_version())


def the(kind: str) -> Json:
    (found,) = (one for one in MANIFESTS if one["kind"] == kind)
    return found


def pod() -> Json:
    return the("Deployment")["spec"]["template"]["spec"]


def container() -> Json:
    (only,) = pod()["containers"]
    return only


def settings() -> dict[str, str]:
    """Return the environment that the container gets, where nothing is to be kept."""
    kept, *optional = container()["envFrom"]
    assert kept == {"configMapRef": {"name": the("ConfigMap")["metadata"]["name"]}}
    assert all(one["secretRef"]["optional"] for one in optional)
    baked = dict(re.findall(r"\b([A-Z_]+)=(\S+)", CONTAINERFILE.split("ENV ")[1].split("\n#")[0]))
    return {**baked, **the("ConfigMap")["data"]}


def ports() -> dict[str, int]:
    return {port["name"]: port["containerPort"] for port in container()["ports"]}


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("manifest", MANIFESTS, ids=[one["kind"] for one in MANIFESTS])
def test_kubernetes_knows_every_member(manifest: Json, version: str) -> None:
    kubernetes_validate.validate(manifest, version, strict=True)


def test_a_misspelt_member_would_be_found() -> None:
    wrong = {**the("Service"), "spek": {}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_an_update_or_a_drain_leaves_two_replicas() -> None:
    deployment = the("Deployment")["spec"]
    rolling = deployment["strategy"]
    assert rolling["type"] == "RollingUpdate"
    assert rolling["rollingUpdate"]["maxUnavailable"] == 0
    assert rolling["rollingUpdate"]["maxSurge"] >= 1
    assert 2 <= the("PodDisruptionBudget")["spec"]["minAvailable"] < deployment["replicas"]


def test_everything_selects_the_same_pods() -> None:
    labels = the("Deployment")["spec"]["template"]["metadata"]["labels"]
    assert the("Deployment")["spec"]["selector"]["matchLabels"] == labels
    assert the("PodDisruptionBudget")["spec"]["selector"]["matchLabels"] == labels
    assert the("NetworkPolicy")["spec"]["podSelector"]["matchLabels"] == labels
    assert the("Service")["spec"]["selector"] == labels


def test_nothing_is_root_or_can_become_it() -> None:
    user = int(re.findall(r"^USER (\d+):\d+$", CONTAINERFILE, re.MULTILINE)[-1])
    assert user != 0
    assert pod()["securityContext"]["runAsNonRoot"] is True
    assert pod()["securityContext"]["runAsUser"] == user
    assert pod()["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert container()["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert pod()["automountServiceAccountToken"] is False
    assert not {"hostNetwork", "hostPID", "hostIPC"} & pod().keys()


def test_only_memory_and_scratch_can_be_written_to() -> None:
    volumes = {one["name"]: one for one in pod()["volumes"]}
    mounts = {one["mountPath"]: one["name"] for one in container()["volumeMounts"]}
    assert set(mounts.values()) == volumes.keys()
    assert all(set(one) == {"name", "emptyDir"} for one in volumes.values())
    assert all(one["emptyDir"]["sizeLimit"] for one in volumes.values())
    assert {"/tmp", settings()["CHAIN_FOLDER"]} == mounts.keys()  # noqa: S108  # in the container


def test_the_ports_are_those_that_gunicorn_opens(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings().items():
        if name != "PATH":
            monkeypatch.setenv(name, value)
    served = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["bind"]
    # At every address of the pod: no probe and no collector gets through to 127.0.0.1.
    assert served == [f"0.0.0.0:{ports()['http']}", f"0.0.0.0:{ports()['metrics']}"]


def test_the_service_and_the_ingress_lead_to_turns_and_never_to_metrics() -> None:
    (port,) = the("Service")["spec"]["ports"]
    assert port["targetPort"] == "http"
    (rule,) = the("Ingress")["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert (path["path"], path["pathType"]) == ("/", "Exact")
    assert "location = / {" in NGINX  # the same there: the endpoint's only address
    backend = path["backend"]["service"]
    assert (backend["name"], backend["port"]["name"]) == (
        the("Service")["metadata"]["name"],
        port["name"],
    )
    assert the("Ingress")["spec"]["tls"][0]["hosts"] == [rule["host"]]


def test_a_memory_is_set_up_by_the_secret_that_the_document_names() -> None:
    (name,) = (one["secretRef"]["name"] for one in container()["envFrom"] if "secretRef" in one)
    assert f"create secret generic {name} " in (ROOT / "docs" / "operating.md").read_text()
    assert not [setting for setting in settings() if setting.startswith("MEMORY")]


def test_only_the_ingress_and_the_collector_are_let_in() -> None:
    policy = the("NetworkPolicy")["spec"]
    assert set(policy["policyTypes"]) == {"Ingress", "Egress"}
    assert {rule["ports"][0]["port"] for rule in policy["ingress"]} == {"http", "metrics"}
    assert all(rule["from"] for rule in policy["ingress"])


def test_every_probe_asks_whether_turns_can_be_taken() -> None:
    for probe in ("startupProbe", "readinessProbe", "livenessProbe"):
        # Never /healthz: a restart mends no clock.
        assert container()[probe]["httpGet"] == {"path": "/readyz", "port": "http"}


def test_who_is_stopped_has_time_to_end_its_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    (*_, wait) = container()["lifecycle"]["preStop"]["exec"]["command"]
    pause = int(re.findall(r"sleep\((\d+)\)", wait)[0])
    for name in ("BIND", "METRICS_HOST", "METRICS_PORT", "WORKERS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("CHAIN_FOLDER", "chains")  # or the file would set it, for all other tests
    ending = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["graceful_timeout"]
    assert pod()["terminationGracePeriodSeconds"] > pause + ending


def test_two_tries_fit_in_the_time_that_alexa_waits() -> None:
    prefix = "nginx.ingress.kubernetes.io/proxy-"
    said = the("Ingress")["metadata"]["annotations"]
    tries = int(said[f"{prefix}next-upstream-tries"])
    assert tries == 2
    once = int(said[f"{prefix}connect-timeout"]) + int(said[f"{prefix}read-timeout"])
    # The first try ends before the second, which may then take as long again.
    assert int(said[f"{prefix}next-upstream-timeout"]) >= once
    assert int(said[f"{prefix}read-timeout"]) * tries + 1 < ALEXA_WAITS
    # A 503 can be caused by a caller, who must not reach a second replica by it.
    assert "503" not in said[f"{prefix}next-upstream"]
    assert said[f"{prefix}body-size"] in NGINX
