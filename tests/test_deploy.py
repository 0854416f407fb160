"""What is in deploy/ and compose.yaml is what it says: parsed, and in agreement with the code."""

import json
import re
from dataclasses import fields
from pathlib import Path

import flask_migrate
import kubernetes_validate
import promql_parser
import psycopg
import pytest
import yaml
from prometheus_client import REGISTRY

from taskapp import config, create_app
from tests.conftest import SECRET, person
from tests.servers import Postgres

DEPLOY = config.ROOT / "deploy"
VERSIONS = ("1.29", "1.34")  # of Kubernetes, from the oldest that anybody supports
SETTINGS = {field.name.upper() for field in fields(config.Settings)}
OF_PROMETHEUS = {"up"}


def manifests(path: Path):
    return [document for document in yaml.safe_load_all(path.read_text()) if document]


def resources():
    kustomization = manifests(DEPLOY / "kubernetes/kustomization.yaml")[0]
    return [
        document
        for name in kustomization["resources"]
        for document in manifests(DEPLOY / "kubernetes" / name)
    ]


@pytest.mark.parametrize("version", VERSIONS)
def test_kubernetes_takes_every_resource(version):
    for resource in resources():
        kubernetes_validate.validate(resource, version, strict=True)


def test_every_file_is_listed():
    listed = set(manifests(DEPLOY / "kubernetes/kustomization.yaml")[0]["resources"])

    assert listed == {path.name for path in (DEPLOY / "kubernetes").glob("*.yaml")} - {
        "kustomization.yaml"
    }


def pods():
    for resource in resources():
        spec = resource.get("spec", {})
        template = spec.get("jobTemplate", {}).get("spec", spec).get("template")
        if template:
            yield template["spec"]


def test_no_pod_may_more_than_it_needs():
    found = list(pods())
    assert len(found) == 3
    for pod in found:
        assert pod["securityContext"]["runAsNonRoot"]
        assert pod["automountServiceAccountToken"] is False
        for container in pod["containers"]:
            security = container["securityContext"]
            assert security["readOnlyRootFilesystem"]
            assert security["allowPrivilegeEscalation"] is False
            assert security["capabilities"] == {"drop": ["ALL"]}
            assert container["resources"]["limits"]["memory"]


def test_what_they_set_are_settings():
    kustomization = manifests(DEPLOY / "kubernetes/kustomization.yaml")[0]
    literals = kustomization["configMapGenerator"][0]["literals"]
    assert {literal.partition("=")[0] for literal in literals} <= SETTINGS
    for name in ("compose.yaml", "deploy/demo/compose.yaml"):
        services = manifests(config.ROOT / name)[0]["services"]
        for service in services.values():
            if "build" in service and "x-foreign" not in service:
                assert set(service["environment"]) <= SETTINGS, name


def expressions():
    rules = manifests(DEPLOY / "prometheus/alerts.yml")[0]["groups"][0]["rules"]
    for rule in rules:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        yield rule["alert"], rule["expr"]
    for panel in json.loads((DEPLOY / "grafana/taskapp.json").read_text())["panels"]:
        for target in panel["targets"]:
            # Grafana puts a duration in its place.
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


METRICS = {
    sample
    for metric in REGISTRY.collect()
    if metric.name.startswith("taskapp_")
    for sample in (
        [f"{metric.name}_total"]
        if metric.type == "counter"
        else [metric.name]
        if metric.type == "gauge"
        else [f"{metric.name}_{part}" for part in ("bucket", "count", "sum")]
    )
}


@pytest.mark.parametrize(("name", "expression"), list(expressions()))
def test_a_query_parses_and_asks_for_metrics_that_there_are(name, expression):
    promql_parser.parse(expression)

    asked = set(re.findall(r"\b(taskapp_\w+|up)\b(?=[\[{ )]|$)", expression))
    assert asked
    assert asked <= METRICS | OF_PROMETHEUS


def test_the_login_of_compose_is_no_superuser_and_the_service_runs_with_it(tmp_path):
    """On a cluster of its own, since roles belong to the whole of one."""
    compose = manifests(config.ROOT / "compose.yaml")[0]
    script = compose["configs"]["logins"]["content"]
    statements = re.search(r"<<'SQL'\n(.*)\nSQL", script, re.DOTALL)[1]
    assert "POSTGRES_USER" not in compose["services"]["database"]["environment"]
    with Postgres() as postgres:
        with psycopg.connect(postgres.url, autocommit=True) as admin:
            for statement in statements.replace(":'password'", "'secret'").split(";\n"):
                admin.execute(statement)
            about = "SELECT rolsuper, rolcreaterole, rolbypassrls FROM pg_roles WHERE rolname = %s"
            assert admin.execute(about, ["taskapp"]).fetchone() == (False, False, False)
        host = psycopg.conninfo.conninfo_to_dict(postgres.url)["host"]
        url = f"postgresql://taskapp:secret@/taskapp?host={host}"
        app = create_app(
            {"DATABASE_URL": url, "JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path)}
        )
        with app.app_context():
            flask_migrate.upgrade()

        assert person(app, "alice").has_task()
