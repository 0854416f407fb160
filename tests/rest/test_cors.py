"""CORS: what a browser needs before it shows an answer to the frontend."""

import pytest

from taskapp import create_app

ORIGIN = "http://localhost:3000"


def preflight(person, url, origin=ORIGIN):
    return person.open(
        url,
        "OPTIONS",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "PATCH",
            "Access-Control-Request-Headers": "authorization,content-type",
        },
    )


@pytest.mark.parametrize("url", ["/api/alice/tasks", "/api/a/tasks/1/complete/", "/no/such", "/"])
def test_a_preflight_succeeds_without_a_token_on_every_path(stranger, url):
    response = preflight(stranger, url)

    assert response.status_code == 204
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert response.headers["Access-Control-Allow-Credentials"] == "true"
    assert "PATCH" in response.headers["Access-Control-Allow-Methods"]
    allowed = response.headers["Access-Control-Allow-Headers"].lower()
    assert "authorization" in allowed
    assert "content-type" in allowed


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:3000.evil", "null"])
def test_another_origin_is_not_allowed(stranger, origin):
    response = preflight(stranger, "/api/alice/tasks", origin)

    assert response.headers.get("Access-Control-Allow-Origin") != origin


@pytest.mark.parametrize("url", ["/api/alice/tasks", "/no/such"])
def test_errors_carry_the_headers_too(stranger, url):
    response = stranger.get(url, headers={"Origin": ORIGIN})

    assert response.status_code in (401, 404)
    assert response.headers["Access-Control-Allow-Origin"] == ORIGIN
    assert "X-Request-ID" in response.headers["Access-Control-Expose-Headers"]


@pytest.fixture
def other(environ):
    """An application of its own, which has seen no origin yet; made before the log is read."""
    return create_app(environ)


def test_an_origin_that_may_not_call_is_named_once(other, log):
    client = other.test_client()

    for path in ("/health", "/docs/", "/health"):
        client.get(path, headers={"Origin": "https://forgotten.example"})
    client.get("/health", headers={"Origin": ORIGIN})
    client.get("/health", headers={"Origin": "https://a.example \x1b[31mred"})

    named = [line["message"] for line in log if line["level"] == "WARNING"]
    assert len(named) == 2
    assert "https://forgotten.example" in named[0]
    assert "CORS_ORIGINS" in named[0]
    assert "\x1b" not in named[1]
