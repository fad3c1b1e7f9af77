"""The files under deploy/ and infra/ are valid by their own schemas and say what the operations rules demand."""

import json
import re
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml

from ldas.config import load_profile

ROOT = Path(__file__).resolve().parents[2]
BIN = Path(sys.executable).parent
DOMAINS = {"ales", "montpellier", "toulouse", "salamanca", "site"}


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_dockerfile_lints():
    run(str(BIN / "hadolint"), "deploy/Dockerfile")


def test_image_is_not_root_and_installs_by_hash():
    text = (ROOT / "deploy/Dockerfile").read_text()
    assert "USER 10001" in text and "--require-hashes" in text


def test_compose_file_fits_its_schema():
    run(str(BIN / "check-jsonschema"), "--builtin-schema", "vendor.compose-spec", "deploy/compose.yaml")


def test_kubernetes_manifests_fit_their_schemas():
    run(str(BIN / "kubernetes-validate"), *map(str, sorted((ROOT / "infra/kubernetes").glob("*.yaml"))))


def test_every_pod_of_the_manifests_is_restricted():
    """No root, no privileges, no service account, a pinned image and a memory limit (Pod Security: restricted)."""
    deployments = [document for document in manifests("kubernetes") if document["kind"] == "Deployment"]
    pods = [deployment["spec"]["template"]["spec"] for deployment in deployments] + dask_pods()
    assert len(pods) == 6
    for pod in pods:
        assert pod["securityContext"]["runAsNonRoot"] and pod["automountServiceAccountToken"] is False
        assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        for container in pod["containers"]:
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
            }
            assert container["resources"]["limits"]["memory"] and container["resources"]["requests"]["cpu"]
            assert re.fullmatch(r"ldas:\d+\.\d+\.\d+", container["image"])


def test_the_operator_s_cluster_holds_valid_pods_and_the_image_s_commands():
    cluster, autoscaler = manifests("dask-kubernetes")
    assert (cluster["apiVersion"], cluster["kind"]) == ("kubernetes.dask.org/v1", "DaskCluster")
    assert (autoscaler["kind"], autoscaler["spec"]["cluster"]) == ("DaskAutoscaler", cluster["metadata"]["name"])
    version = kubernetes_validate.latest_version()
    for pod in dask_pods():
        kubernetes_validate.validate(
            {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "pod"}, "spec": pod}, version, strict=True
        )
    service = cluster["spec"]["scheduler"]["service"]
    kubernetes_validate.validate(
        {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "service"}, "spec": service}, version, strict=True
    )


def manifests(folder: str) -> list[dict]:
    paths = sorted((ROOT / "infra" / folder).glob("*.yaml"))
    return [document for path in paths for document in yaml.safe_load_all(path.read_text())]


def dask_pods() -> list[dict]:
    spec = manifests("dask-kubernetes")[0]["spec"]
    return [spec["scheduler"]["spec"], spec["worker"]["spec"]]


def test_yaml_files_lint():
    run(
        str(BIN / "yamllint"),
        "-d",
        "{extends: relaxed, rules: {line-length: {max: 200}}}",
        "deploy",
        "infra",
    )


@pytest.mark.parametrize("name", ["record-writer", "publication-writer", "anonymous-reader"])
def test_bucket_policies_grant_only_what_their_name_says(name: str):
    policy = json.loads((ROOT / f"infra/buckets/{name}.json").read_text())
    prefix = "record" if name.startswith("record") else "public"
    actions = set()
    for statement in policy["Statement"]:
        assert statement["Effect"] == "Allow"
        actions |= set(statement["Action"])
        for resource in statement["Resource"]:
            assert resource == "arn:aws:s3:::BUCKET" or resource.startswith(f"arn:aws:s3:::BUCKET/{prefix}/")
    assert "*" not in actions and "s3:*" not in actions
    assert ("s3:PutObject" in actions) == (name != "anonymous-reader")


def test_every_profile_is_valid_and_no_secret_stands_in_it():
    profiles = {path.stem: path for path in (ROOT / "deploy/profiles").glob("*.yaml")}
    assert profiles.keys() == DOMAINS
    for name, path in profiles.items():
        profile = load_profile(path)
        assert profile.domain.name == name
        assert not {"key", "secret", "password", "token"} & set(_keys(yaml.safe_load(path.read_text())))


def _keys(node: object) -> list[str]:
    if isinstance(node, dict):
        return [str(key) for key in node] + [inner for value in node.values() for inner in _keys(value)]
    if isinstance(node, list):
        return [inner for value in node for inner in _keys(value)]
    return []
