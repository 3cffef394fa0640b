"""deploy/kubernetes: the overlays are valid, locked down, and tell the server settings that there are."""

from __future__ import annotations

import copy
import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

yaml = pytest.importorskip("yaml")

ROOT = Path(__file__).resolve().parents[1]
KUBERNETES, MONITORING = ROOT / "deploy/kubernetes", ROOT / "deploy/monitoring"
KEDA_MODELS = ROOT / ".kubernetes"  # tests/kubernetes/package.json, installed there
OVERLAYS = ("cpu", "gpu", "keda")
MERGE_KEYS = ("name", "containerPort", "mountPath")  # of the lists that a strategic merge joins
VERSIONS_TO_VALIDATE = 3
KEDA_FIELDS = {  # of the custom resource definitions of KEDA 2.15 and later, as far as they are used
    "ScaledObject": {
        "scaleTargetRef", "minReplicaCount", "maxReplicaCount", "pollingInterval", "cooldownPeriod", "advanced",
        "triggers",
    },
    "TriggerAuthentication": {"secretTargetRef"},
}  # fmt: skip
POSTGRESQL_TRIGGER_FIELDS = {"query", "targetQueryValue", "activationTargetQueryValue"}


def load_documents(path: Path) -> Iterator[dict[str, Any]]:
    for document in yaml.safe_load_all(path.read_text()):
        if document:
            yield document


def merge(base: Any, patch: Any) -> Any:
    """A strategic merge, as Kustomize's: lists of named things are joined by their names."""
    if isinstance(base, dict) and isinstance(patch, dict):
        return base | {key: merge(base.get(key), value) for key, value in patch.items()}
    key = next(
        (k for k in MERGE_KEYS if isinstance(patch, list) and patch and isinstance(patch[0], dict) and k in patch[0]),
        None,
    )
    if not isinstance(base, list) or key is None:
        return copy.deepcopy(patch)
    merged = {item[key]: item for item in base}
    for item in patch:
        merged[item[key]] = merge(merged.get(item[key]), item)
    return list(merged.values())


def render(folder: Path) -> list[dict[str, Any]]:
    """The documents of a kustomization, as far as ours use Kustomize."""
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    assert set(kustomization) <= {"apiVersion", "kind", "namespace", "labels", "images", "resources", "patches"}
    found: list[dict[str, Any]] = []
    for name in kustomization["resources"]:
        path = folder / name
        found += render(path) if path.is_dir() else load_documents(path)
    for patch in kustomization.get("patches", []):
        found = apply_patch(found, patch, folder)
    for document in found:
        if "namespace" in kustomization and document["kind"] != "Namespace":
            document["metadata"]["namespace"] = kustomization["namespace"]
        for container in containers(document):
            for image in kustomization.get("images", []):
                if container["image"] == image["name"]:
                    container["image"] = f"{image['newName']}:{image['newTag']}"
    return found


def apply_patch(documents: list[dict[str, Any]], patch: dict[str, Any], folder: Path) -> list[dict[str, Any]]:
    if "path" in patch:
        (change,) = load_documents(folder / patch["path"])
        names = [(d["kind"], d["metadata"]["name"]) for d in documents]
        assert (change["kind"], change["metadata"]["name"]) in names
        return [
            merge(d, change)
            if (d["kind"], d["metadata"]["name"]) == (change["kind"], change["metadata"]["name"])
            else d
            for d in documents
        ]
    assert patch["target"] == {"kind": "Deployment"}
    assert yaml.safe_load(patch["patch"]) == [{"op": "remove", "path": "/spec/replicas"}]
    for document in documents:
        if document["kind"] == "Deployment":
            document["spec"].pop("replicas")
    return documents


def pod_spec(document: dict[str, Any]) -> dict[str, Any] | None:
    template = document.get("spec", {}).get("template") if document["kind"] in ("Deployment", "Job") else None
    return None if template is None else template["spec"]


def containers(document: dict[str, Any]) -> list[dict[str, Any]]:
    spec = pod_spec(document)
    return [] if spec is None else spec["containers"]


def variables(container: dict[str, Any], documents: list[dict[str, Any]]) -> dict[str, str]:
    """The environment of a container, with stand-ins for secrets."""
    configured = next(d["data"] for d in documents if d["kind"] == "ConfigMap") if "envFrom" in container else {}
    own = {e["name"]: e.get("value", "postgresql://u:p@db/jobs") for e in container.get("env", [])}
    return configured | own


@pytest.fixture(params=OVERLAYS)
def documents(request: pytest.FixtureRequest) -> list[dict[str, Any]]:
    return render(KUBERNETES / "overlays" / request.param)


def find(documents: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    return next(d for d in documents if (d["kind"], d["metadata"]["name"]) == (kind, name))


def test_the_merge_joins_named_things() -> None:
    base = {"a": [{"name": "x", "v": 1}, {"name": "y"}], "b": {"c": 1, "d": [1]}}
    assert merge(base, {"a": [{"name": "x", "w": 2}], "b": {"d": [2]}}) == {
        "a": [{"name": "x", "v": 1, "w": 2}, {"name": "y"}], "b": {"c": 1, "d": [2]},
    }  # fmt: skip


def test_files_are_all_used() -> None:
    for folder in (KUBERNETES / "base", *(KUBERNETES / "overlays" / name for name in OVERLAYS)):
        kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
        named = {*kustomization["resources"], *(p["path"] for p in kustomization.get("patches", []) if "path" in p)}
        assert {p.name for p in folder.glob("*.yaml")} - {"kustomization.yaml"} == {n for n in named if ".yaml" in n}


def test_the_server_takes_what_it_is_told(documents: list[dict[str, Any]]) -> None:
    from mattebox.server.settings import load_settings

    image = dict(re.findall(r"(MATTEBOX_\w+)=(\S+)", (ROOT / "deploy/Dockerfile").read_text()))
    for role in ("api", "worker"):
        (container,) = containers(find(documents, "Deployment", f"mattebox-{role}"))
        settings = load_settings(image | variables(container, documents))
        assert (settings.role, settings.data, settings.host) == (role, "/data/server", "0.0.0.0")
        assert settings.keys == "/secrets/keys"
        grace = pod_spec(find(documents, "Deployment", f"mattebox-{role}"))["terminationGracePeriodSeconds"]  # type: ignore[index]
        pause = container["lifecycle"]["preStop"]["sleep"]["seconds"]
        assert settings.drain + pause < grace
        written = {m["mountPath"] for m in container["volumeMounts"] if not m.get("readOnly")}
        assert all(any(path.startswith(w) for w in written) for path in (settings.data, settings.buffer))
    worker = variables(containers(find(documents, "Deployment", "mattebox-worker"))[0], documents)
    expected = "cuda" if "nvidia.com/gpu" in json.dumps(documents) else "cpu"
    assert worker.get("MATTEBOX_SERVER_DEVICE", "cpu") == expected


def test_pods_may_do_no_more_than_they_need(documents: list[dict[str, Any]]) -> None:
    pods = [spec for d in documents if (spec := pod_spec(d))]
    assert len(pods) == 3
    for spec in pods:
        assert spec["automountServiceAccountToken"] is False
        security = spec["securityContext"]
        assert (security["runAsNonRoot"], security["runAsUser"]) == (True, 10001)
        assert security["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in spec["containers"]:
            own = container["securityContext"]
            assert own["readOnlyRootFilesystem"] is True
            assert own["allowPrivilegeEscalation"] is False
            assert own["capabilities"] == {"drop": ["ALL"]}
            resources = container["resources"]
            assert set(resources["limits"]) >= {"cpu", "memory", "ephemeral-storage"} <= set(resources["requests"])
            assert re.fullmatch(r"registry\.example\.com/mattebox(-gpu)?:[\d.]+", container["image"])
            mounted = {m["name"] for m in container["volumeMounts"]}
            assert mounted == {v["name"] for v in spec["volumes"]}


def test_servers_are_probed_spread_and_budgeted(documents: list[dict[str, Any]]) -> None:
    for role in ("api", "worker"):
        deployment = find(documents, "Deployment", f"mattebox-{role}")
        (container,) = containers(deployment)
        assert container["livenessProbe"]["httpGet"]["path"] == "/livez"
        assert (
            container["readinessProbe"]["httpGet"]["path"] == container["startupProbe"]["httpGet"]["path"] == "/readyz"
        )
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert deployment["spec"]["selector"]["matchLabels"].items() <= labels.items()
        budget = find(documents, "PodDisruptionBudget", f"mattebox-{role}")
        assert budget["spec"]["selector"]["matchLabels"].items() <= labels.items()
    service = find(documents, "Service", "mattebox")
    assert service["spec"]["selector"]["app.kubernetes.io/component"] == "api"  # never the workers
    policies = [d for d in documents if d["kind"] == "NetworkPolicy"]
    assert any(p["spec"]["podSelector"] == {} and "ingress" not in p["spec"] for p in policies)  # nothing by default


def test_no_secret_is_in_the_manifests() -> None:
    assert not any(d["kind"] == "Secret" for name in OVERLAYS for d in render(KUBERNETES / "overlays" / name))


def test_every_setting_is_documented(documents: list[dict[str, Any]]) -> None:
    told = "".join((ROOT / "docs" / name).read_text() for name in ("deploy.md", "server.md", "kubernetes.md"))
    names = {name for d in documents for c in containers(d) for name in variables(c, documents)}
    assert len(names) > 9
    assert {name for name in names if f"`{name}`" not in told} == set()


def test_workers_scale_by_the_view_down_to_none() -> None:
    documents = render(KUBERNETES / "overlays/keda")
    scaled = find(documents, "ScaledObject", "mattebox-worker")["spec"]
    assert scaled["scaleTargetRef"]["name"] == "mattebox-worker"
    assert scaled["minReplicaCount"] == 0
    (trigger,) = scaled["triggers"]
    sql = (ROOT / "src/mattebox/jobs/queue_view.sql").read_text()
    for word in ("mattebox.queue", "waiting", "running", "'jobs'"):
        assert word in trigger["metadata"]["query"]
        assert word in sql
    for document in documents:
        if document["apiVersion"].startswith("keda.sh/"):
            assert set(document["spec"]) <= KEDA_FIELDS[document["kind"]]
    assert set(trigger["metadata"]) == POSTGRESQL_TRIGGER_FIELDS
    assert all(isinstance(value, str) for value in trigger["metadata"].values())
    assert not any("replicas" in d["spec"] for d in documents if d["kind"] == "Deployment")


def test_manifests_are_valid_strictly(documents: list[dict[str, Any]]) -> None:
    validator = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate (23 MB) is in no lock")
    newest = int(str(validator.latest_version()).split(".")[1])
    for document in documents:
        for version in (f"1.{newest - n}" for n in range(VERSIONS_TO_VALIDATE)):
            if not document["apiVersion"].startswith("keda.sh/"):
                validator.validate(document, version, strict=True)
    wrong = copy.deepcopy(find(documents, "Deployment", "mattebox-api"))
    wrong["spec"]["template"]["spec"]["containers"][0]["imag"] = "x"
    with pytest.raises(validator.ValidationError):
        validator.validate(wrong, f"1.{newest}", strict=True)


def check_with_keda(documents: list[dict[str, Any]]) -> str:
    """What validators made of KEDA's own definitions complain of; empty for nothing."""
    keda = [d for d in documents if d["apiVersion"] == "keda.sh/v1alpha1"]
    kinds = ", ".join(sorted({d["kind"] for d in keda}))
    lines = [f'import {{ {kinds} }} from "@kubernetes-models/keda/keda.sh/v1alpha1";']
    for document in keda:
        fields = json.dumps({"metadata": document["metadata"], "spec": document["spec"]})
        lines.append(f"new {document['kind']}({fields}).validate();")
    command = ["node", "--input-type=module", "-e", "\n".join(lines)]
    ran = subprocess.run(command, cwd=KEDA_MODELS, capture_output=True, text=True, timeout=100)
    return ran.stderr if ran.returncode else ""


@pytest.mark.timeout(400)
@pytest.mark.skipif(not KEDA_MODELS.joinpath("node_modules").is_dir(), reason="KEDA's models are not installed (npm)")
def test_scaling_is_valid_by_kedas_own_schema() -> None:
    documents = render(KUBERNETES / "overlays/keda")
    assert check_with_keda(documents) == ""
    for name, value in (("pollingInterval", "often"), ("scaleTargetRef", {"kind": "Deployment"})):
        wrong = copy.deepcopy(documents)
        find(wrong, "ScaledObject", "mattebox-worker")["spec"][name] = value
        assert name in check_with_keda(wrong)


def test_dashboards_and_alerts_ask_for_metrics_that_there_are() -> None:
    from mattebox.server.metrics import RequestMetrics

    metrics = RequestMetrics()
    metrics.observe("/v1/cutouts", 200, 0.3)
    gauges = ("pixels_in_hand", "tasks_waiting", "queue_up", "jobs_waiting", "jobs_running", "jobs_oldest_seconds")
    text = metrics.to_prometheus_text(dict.fromkeys(gauges, 1), 0)
    known = set(re.findall(r"^(mattebox_\w+?)(?:\{| )", text, re.MULTILINE))
    for name in ("dashboard.json", "alerts.yaml"):
        asked = set(re.findall(r"\bmattebox_\w+", (MONITORING / name).read_text()))
        assert asked
        assert asked <= known, asked - known


def test_the_dashboard_and_the_alerts_are_complete() -> None:
    dashboard = json.loads((MONITORING / "dashboard.json").read_text())
    ids = [panel["id"] for panel in dashboard["panels"]]
    assert len(ids) == len(set(ids)) >= 8
    assert all(panel["title"] and panel["targets"] for panel in dashboard["panels"])
    (alerts,) = load_documents(MONITORING / "alerts.yaml")
    for rule in (rule for group in alerts["groups"] for rule in group["rules"]):
        assert {"alert", "expr", "for", "labels", "annotations"} == set(rule)
        assert {"summary", "description"} == set(rule["annotations"])
