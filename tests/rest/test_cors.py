"""CORS: what a browser needs before it shows an answer to the frontend."""

import pytest

from taskapp import create_app
from tests.conftest import app_with

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


@pytest.mark.parametrize("origin", [ORIGIN, "https://evil.example", "null", None])
@pytest.mark.parametrize("url", ["/health", "/docs", "/openapi.json", "/no/such", "{tasks}"])
def test_every_answer_says_that_it_depends_on_the_origin(alice, url, origin):
    headers = {"Origin": origin} if origin else {}

    response = alice.get(url.format(tasks=alice.tasks_url), headers=headers)

    named = ", ".join(response.headers.getlist("Vary")).split(", ")
    assert named.count("Origin") == 1


# As they are configured, and as browsers send them.
SPELLINGS = [
    ("capacitor://localhost", "capacitor://localhost"),
    ("ionic://localhost", "ionic://localhost"),
    ("tauri://localhost", "tauri://localhost"),
    ("app://.", "app://."),
    ("chrome-extension://abcdefghijklmnop", "chrome-extension://abcdefghijklmnop"),
    ("https://app.example.com:443", "https://app.example.com"),
    ("http://app.example.com:80", "http://app.example.com"),
    ("https://app.example.com:80", "https://app.example.com:80"),
    ("HTTPS://App.Example.com", "https://app.example.com"),
    ("https://bücher.example", "https://xn--bcher-kva.example"),
    ("https://BÜCHER.example:8443", "https://xn--bcher-kva.example:8443"),
    ("https://straße.example", "https://xn--strae-oqa.example"),
    ("https://xn--bcher-kva.example", "https://xn--bcher-kva.example"),
    ("http://[::1]:3000", "http://[::1]:3000"),
    ("http://[0:0::1]", "http://[::1]"),
    ("http://my_host:3000", "http://my_host:3000"),
]


@pytest.mark.parametrize("sent", [sent for _, sent in SPELLINGS])
def test_an_origin_is_matched_as_browsers_send_it(environ, sent):
    origins = ", ".join(configured for configured, _ in SPELLINGS)
    client = app_with(environ, CORS_ORIGINS=origins).test_client()

    def allowed(origin):
        answer = client.get("/health", headers={"Origin": origin})
        return answer.headers.get("Access-Control-Allow-Origin")

    assert allowed(sent) == sent
    for other in (f"{sent}.evil", f"{sent}0", sent[:-1], f"x{sent}", "null"):
        assert allowed(other) is None


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
