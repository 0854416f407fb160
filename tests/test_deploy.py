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
from psycopg import pq

from taskapp import config, create_app
from taskapp.auth import jwks
from taskapp.telemetry import metrics
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
                assert set(service["environment"]) <= SETTINGS | ALIASES | {"PGPASSWORD"}, name


ALIASES = {name for field in fields(config.Settings) for name in config.about(field).aliases}
# What is of the network that Compose makes, or of the image.
OF_COMPOSE = {"DATABASE_URL", "DATABASE_DIRECT_URL", "REDIS_URL", "HOST", "PORT", "INSTANCE_PATH"}


def test_compose_takes_every_setting_from_its_environment():
    environment = manifests(config.ROOT / "compose.yaml")[0]["x-taskapp"]["environment"]

    for name in (SETTINGS | ALIASES) - OF_COMPOSE:
        # gunicorn reads WEB_CONCURRENCY before us, and fails at an empty one.
        default = {"LOG_FORMAT": "json", "WEB_CONCURRENCY": "2"}.get(name, "")
        assert environment[name] == f"${{{name}:-{default}}}"


@pytest.mark.parametrize("password", ["p@ss:w/rd?#%", "plain"])
def test_compose_takes_any_password(tmp_path, password, monkeypatch):
    environment = manifests(config.ROOT / "compose.yaml")[0]["x-taskapp"]["environment"]
    given = {name: text for name, text in environment.items() if not str(text).startswith("${")}
    assert environment["PGPASSWORD"].startswith("${POSTGRES_PASSWORD:?")
    monkeypatch.setenv("PGPASSWORD", password)  # where libpq looks, since the URL has none

    settings = config.read(given | {"INSTANCE_PATH": str(tmp_path), "JWT_SECRET_KEY": "x" * 32})

    assert settings.database.password is None
    assert b"PGPASSWORD" in {each.envvar for each in pq.Conninfo.get_defaults()}


def test_compose_purges():
    purge = manifests(config.ROOT / "compose.yaml")[0]["services"]["purge"]

    assert "taskapp purge" in purge["entrypoint"][-1]


def scraped():
    return yaml.safe_load((DEPLOY / "prometheus/scrape.yml").read_text())


def test_prometheus_finds_the_pods():
    (found,) = [job for job in scraped() if "kubernetes_sd_configs" in job]
    (deployment,) = [each for each in resources() if each["kind"] == "Deployment"]
    template = deployment["spec"]["template"]
    (discovery,) = found["kubernetes_sd_configs"]

    (selector,) = discovery["selectors"]
    labels = dict(label.split("=") for label in selector["label"].split(","))
    assert labels.items() <= template["metadata"]["labels"].items()
    ports = {port["name"] for each in template["spec"]["containers"] for port in each["ports"]}
    assert {rule["regex"] for rule in found["relabel_configs"] if "regex" in rule} <= ports
    namespace = manifests(DEPLOY / "kubernetes/kustomization.yaml")[0]["namespace"]
    assert discovery["namespaces"]["names"] == [namespace]


def test_every_scrape_has_the_job_that_alerts_ask_for():
    for job in scraped():
        renamed = [
            rule["replacement"]
            for rule in job.get("relabel_configs", [])
            if rule.get("target_label") == "job"
        ]
        assert [*renamed, job["job_name"]][0] == "taskapp"


def test_kubernetes_is_asked_in_an_order_that_works():
    page = (config.ROOT / "docs/operations.md").read_text()
    steps = [
        "apply -f deploy/kubernetes/namespace.yaml",
        "create secret generic taskapp-owner",
        "delete job taskapp-migrate --ignore-not-found",
        "apply -k deploy/kubernetes",
        "wait --for=condition=complete",
    ]
    places = [page.index(step) for step in steps]

    assert places == sorted(places)


def test_probes_end_nobody_whose_database_is_away():
    (pod,) = [pod for pod in pods() if "livenessProbe" in pod["containers"][0]]
    container = pod["containers"][0]

    assert container["startupProbe"]["httpGet"]["path"] == "/health/live"
    assert container["livenessProbe"]["httpGet"]["path"] == "/health/live"
    ready = container["readinessProbe"]
    assert ready["httpGet"]["path"] == "/health/ready"
    longest = config.Settings().database_timeout + jwks.TIMEOUT
    assert longest < ready["timeoutSeconds"] <= ready["periodSeconds"]


def alerts():
    rules = manifests(DEPLOY / "prometheus/alerts.yml")[0]["groups"][0]["rules"]
    for rule in rules:
        assert rule["annotations"]["summary"]
        assert rule["labels"]["severity"] in ("page", "ticket")
        yield rule["alert"], rule["expr"]


def panels():
    for panel in json.loads((DEPLOY / "grafana/taskapp.json").read_text())["panels"]:
        for target in panel["targets"]:
            # Grafana puts a duration in its place.
            yield panel["title"], target["expr"].replace("$__rate_interval", "5m")


metrics.keys_fetched()  # made by the first fetch
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


@pytest.mark.parametrize(("name", "expression"), [*alerts(), *panels()])
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
    with Postgres(empty=True) as postgres:
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
