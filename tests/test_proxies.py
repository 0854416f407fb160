"""X-Forwarded-Prefix: where a proxy has put the service below a path of its own."""

import pytest

from tests.accounts import people
from tests.conftest import app_with, person

pytestmark = pytest.mark.usefixtures("app")  # which migrates the database


def below(environ, prefix, proxies="1"):
    """Return somebody whose requests come with this prefix."""
    app = app_with(environ, TRUSTED_PROXIES=proxies)
    alice = person(app, "alice")
    alice.client.environ_base["HTTP_X_FORWARDED_PREFIX"] = prefix
    return alice


def test_whatever_leads_further_has_the_prefix(environ):
    alice = below(environ, "/todo/")
    url = f"/todo{alice.tasks_url}"
    created = [alice.post(alice.tasks_url, json={"title": "t"}) for _ in range(2)][-1]

    assert created.headers["Location"] == f"{url}/{created.json['id']}"
    listed = alice.get(f"{alice.tasks_url}?limit=1")
    assert f"<{url}?" in listed.headers["Link"]
    assert (
        alice.get(f"{alice.tasks_url}/changes?since=0").json["next"].startswith(f"{url}/changes?")
    )
    assert alice.get(f"{alice.tasks_url}/0").json["instance"] == f"{url}/0"
    page = alice.get("/docs").text
    assert 'src="/todo/docs/start.js"' in page
    assert '"/docs/' not in page
    assert alice.get("/openapi.json").json["servers"] == [{"url": "http://localhost/todo"}]


def test_the_refresh_cookie_comes_back_below_the_prefix(environ):
    app = below(environ | {"ACCOUNTS": "on"}, "/todo").client.application
    client = app.test_client()
    body = {"email": people.new_email(), "password": people.PASSWORD, "cookie": True}

    answer = client.post(
        "/api/auth/register",
        json=body,
        headers={"X-Forwarded-Prefix": "/todo", "X-Forwarded-For": people.new_address()},
    )

    assert answer.status_code == 201
    assert "Path=/todo/api/auth;" in answer.headers["Set-Cookie"]


@pytest.mark.parametrize("prefix", ["//evil.example", "/a?b", "https://evil.example", "/a//b", "x"])
def test_a_prefix_that_is_no_path_is_none(environ, prefix):
    alice = below(environ, prefix)

    created = alice.post(alice.tasks_url, json={"title": "t"})

    assert created.headers["Location"].startswith(alice.tasks_url)


def test_without_a_trusted_proxy_there_is_no_prefix(environ):
    alice = below(environ, "/todo", proxies="0")

    assert alice.post(alice.tasks_url, json={"title": "t"}).headers["Location"].startswith("/api/")


def test_each_place_has_addresses_of_its_own(environ):
    alice = below(environ, "")
    places = ["/one", "/two", "", "/one"]

    def location(prefix):
        headers = {"X-Forwarded-Prefix": prefix}
        return alice.post(alice.tasks_url, json={"title": "t"}, headers=headers).headers["Location"]

    found = [
        location(prefix).removesuffix(alice.tasks_url).rpartition("/api/")[0] for prefix in places
    ]

    assert found == places


@pytest.mark.parametrize("host", ["a b", "", "[::1", "x" * 300 + ".example", "ü.example"])
def test_a_host_that_makes_no_sense_is_answered_as_ever(environ, host):
    alice = below(environ, "")

    answers = [alice.get(alice.tasks_url, headers={"Host": host}).status_code for _ in range(2)]

    assert set(answers) <= {200, 400}
    assert len(set(answers)) == 1
