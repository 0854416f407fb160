"""GET /metrics"""

import pytest
import requests
from prometheus_client.parser import text_string_to_metric_families

from taskapp import create_app
from tests.problems import assert_problem
from tests.servers import ForkedService, new_user_id
from tests.waiting import PATIENCE, until

TOKEN = "a token for Prometheus alone"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture(scope="module")
def service(postgresql_url, tmp_path_factory):
    folder = tmp_path_factory.mktemp("metrics")
    with ForkedService(postgresql_url, folder, METRICS_TOKEN=TOKEN, WEB_CONCURRENCY="3") as service:
        yield service


def samples(service):
    """Return all samples: name and labels to value."""
    text = requests.get(f"{service.url}/metrics", headers=HEADERS, timeout=PATIENCE).text
    return {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def total(found, name, **labels):
    return sum(
        value
        for (sample, *sample_labels), value in found.items()
        if sample == name and set(labels.items()) <= set(sample_labels)
    )


def idle(found):
    """Return the samples if there is no request but the one that asks for them."""
    return found if total(found, "taskapp_requests_in_flight") == 1 else None


def test_requests_of_all_workers_are_counted_by_route_and_status(service):
    user_id = new_user_id()
    route = {"method": "GET", "route": "/api/<user_id>/tasks", "status": "200"}
    before = total(samples(service), "taskapp_request_seconds_count", **route)
    for _ in range(30):
        with service.session(user_id) as session:  # a new connection, so any of the workers
            assert session.get(f"{service.url}/api/{user_id}/tasks").ok

    # The one that asks: a worker may still be at the end of one that was answered.
    found = until(lambda: idle(samples(service)))

    assert total(found, "taskapp_request_seconds_count", **route) - before == 30
    assert total(found, "taskapp_token_checks_total", outcome="accepted") >= 30
    assert total(found, "taskapp_database_connections_in_use") == 0


def test_no_label_tells_of_a_user_or_of_what_clients_make_up(service):
    user_id = new_user_id()
    with service.session(user_id) as session:
        session.get(f"{service.url}/api/{user_id}/tasks")
        session.get(f"{service.url}/api/{user_id}/made-up")
        session.request("BREW", f"{service.url}/api/{user_id}/tasks")

    found = str(samples(service))

    assert user_id not in found
    assert "made-up" not in found
    assert "BREW" not in found


def test_refused_tokens_are_counted_by_outcome(service):
    before = total(samples(service), "taskapp_token_checks_total", outcome="refused")

    headers = {"Authorization": "Bearer a.b.c"}
    requests.get(f"{service.url}/api/alice/tasks", headers=headers, timeout=PATIENCE)

    after = total(samples(service), "taskapp_token_checks_total", outcome="refused")
    assert after - before == 1


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer é"}, {"Authorization": TOKEN}])
def test_without_the_token_there_are_no_metrics(environ, headers):
    app = create_app(environ | {"METRICS_TOKEN": TOKEN})

    response = app.test_client().get("/metrics", headers=headers)

    assert_problem(response, 401, names="Authorization: Bearer <METRICS_TOKEN>")
    assert response.headers["WWW-Authenticate"].startswith("Bearer")


def test_without_the_setting_there_is_no_such_address(alice):
    assert_problem(alice.get("/metrics"), 404)
