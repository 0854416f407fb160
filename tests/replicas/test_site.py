"""TLS, and what the service believes of a proxy."""

import json

import requests

from tests.servers import new_user_id


def test_https_reaches_the_service_which_knows_that_it_is_https(site):
    alice = new_user_id()
    with site.services[0].session(alice) as session:
        session.verify, session.trust_env = str(site.certificate), False
        created = session.post(f"{site.url}/api/{alice}/tasks", json={"title": "Buy milk"})
        assert created.status_code == 201
        assert session.get(site.url + created.headers["Location"]).json()["title"] == "Buy milk"
    assert "max-age" in created.headers["Strict-Transport-Security"]
    assert created.headers["Server"] == "nginx"


def test_http_leads_to_https_with_the_same_method(site):
    url = f"http://tasks.example.com:{site.plain}/api/alice/tasks"

    answer = requests.post(url, json={}, allow_redirects=False, timeout=10)

    assert answer.status_code == 308
    assert answer.headers["Location"] == "https://tasks.example.com/api/alice/tasks"


def test_http_leads_nowhere_else_whatever_the_client_says(site):
    url, headers = f"http://tasks.example.com:{site.plain}/", {"Host": "evil.example"}

    answer = requests.get(url, headers=headers, allow_redirects=False, timeout=10)

    assert answer.headers["Location"] == "https://tasks.example.com/"


def test_metrics_are_not_for_the_public(site):
    assert (
        requests.get(f"{site.url}/metrics", verify=site.certificate, timeout=10).status_code == 404
    )


def test_an_address_that_a_client_claims_is_not_believed(site):
    requests.get(
        f"{site.url}/api/alice/tasks",
        headers={"X-Forwarded-For": "203.0.113.7", "Authorization": "Bearer claimed"},
        verify=site.certificate,
        timeout=10,
    )

    lines = [json.loads(line) for service in site.services for line in service.lines()]
    addresses = [line["address"] for line in lines if line.get("event") == "token.refused"]
    assert addresses == ["127.0.0.1"]
