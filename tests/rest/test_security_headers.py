"""What every answer tells a browser not to do."""

import pytest

from taskapp import create_app

EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@pytest.mark.parametrize(
    "url", ["/health", "/openapi.json", "/docs", "/docs/swagger-ui.css", "/no/such", "/api/a/tasks"]
)
def test_every_answer_has_them(stranger, url):
    headers = stranger.get(url).headers

    assert EVERYWHERE.items() <= dict(headers).items()
    assert "frame-ancestors 'none'" in headers["Content-Security-Policy"]
    assert "default-src 'none'" in headers["Content-Security-Policy"]
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert "Strict-Transport-Security" not in headers


def test_an_answer_about_tasks_and_an_error_of_ours_have_them(alice):
    for response in (alice.get(alice.tasks_url), alice.post(alice.tasks_url, data="{")):
        assert EVERYWHERE.items() <= dict(response.headers).items()


FORWARDED = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.7"}


def test_behind_tls_browsers_are_told_to_stay_there(environ):
    client = create_app(environ | {"TRUSTED_PROXIES": "1"}).test_client()

    response = client.get("/health", headers=FORWARDED)

    assert response.headers["Strict-Transport-Security"] == "max-age=31536000"


def test_nobody_is_believed_who_was_not_made_a_proxy(stranger):
    response = stranger.get("/health", headers=FORWARDED)

    assert "Strict-Transport-Security" not in response.headers


def test_nobody_is_shown_their_own_request(stranger):
    for url in ("/health", "/docs", "/openapi.json"):
        assert stranger.open(url, "TRACE").status_code == 405
