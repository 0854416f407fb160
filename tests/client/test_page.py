"""GET / and what belongs to it"""

import json
import re

import pytest

from taskapp import client, create_app
from taskapp.config import BadSetting
from tests.problems import assert_problem

MOST_BYTES = 100_000  # of all files together, uncompressed


def test_the_page_is_at_the_root(stranger):
    page = stranger.get("/")

    assert page.status_code == 200
    assert page.mimetype == "text/html"
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy
    assert "http" not in policy


def test_the_page_consists_of_files_of_ours(stranger):
    page = stranger.get("/").text
    manifest = stranger.get("/manifest.webmanifest").json

    urls = re.findall(r'(?:src|href)="([^"]+)"', page) + [each["src"] for each in manifest["icons"]]
    assert len(urls) > 5
    for url in urls:
        assert not url.startswith("/")  # there may be a path before it
        assert stranger.get(f"/{url}").status_code == 200, url


@pytest.mark.parametrize(
    ("url", "media_type"),
    [
        ("/favicon.ico", "image/vnd.microsoft.icon"),
        ("/robots.txt", "text/plain"),
        ("/manifest.webmanifest", "application/manifest+json"),
        ("/client/icon.svg", "image/svg+xml"),
        ("/client/app.js", "text/javascript"),
        ("/client/style.css", "text/css"),
        ("/client/library/index.js", "text/javascript"),
    ],
)
def test_each_file_has_its_type_and_is_asked_for_again_only_when_it_has_changed(
    stranger, url, media_type
):
    first = stranger.get(url)
    second = stranger.get(url, headers={"If-None-Match": first.headers["ETag"]})

    assert first.mimetype == media_type
    assert first.headers["Cache-Control"] == "no-cache"
    assert second.status_code == 304


@pytest.mark.parametrize("name", ["none.js", "../config.py", "library/types.d.ts", "x" * 300])
def test_a_file_that_the_page_does_not_have_is_a_404(stranger, name):
    assert_problem(stranger.get(f"/client/{name}"), 404)


def test_the_page_is_small(stranger):
    urls = {*client._files(), client.SETTINGS}

    assert sum(len(stranger.get(url).data) for url in urls) <= MOST_BYTES


def test_scripts_say_what_was_written_and_nothing_was_in_the_way():
    # What is left out are lines; a text over several lines could hold some that look alike.
    for file in (*client.PAGE.glob("*.js"), *client.LIBRARY.glob("*.js")):
        for line in file.read_text().splitlines():
            assert line.count("`") % 2 == 0, f"{file.name}: {line}"
            before, _, _ = line.partition(" // ")
            assert before.count('"') % 2 == 0, f"{file.name}: {line}"


def test_the_worker_names_all_files_and_a_digest_of_them(stranger):
    answer = stranger.get("/client/service-worker.js")

    files = json.loads(re.search(r"FILES = (.*);", answer.text)[1])
    assert {"", "client/app.js", "client/library/replica.js"} <= set(files)
    assert all(stranger.get(f"/{url}").status_code == 200 for url in files)
    assert client._version() in answer.text
    assert answer.headers["Service-Worker-Allowed"] == "/"
    # Without it the worker could fetch nothing.
    assert "connect-src 'self'" in answer.headers["Content-Security-Policy"]


def test_the_page_hears_how_one_signs_in(environ, stranger):
    ours = {"accounts": True, "login": None, "tokens": None, "claim": "sub"}
    assert stranger.get("/client/settings.json").json == ours

    outside = environ | {
        "BETTER_AUTH_URL": "https://login.example.com/",
        "LOGIN_URL": "https://login.example.com/sign-in",
    }
    browser = create_app(outside).test_client()
    assert browser.get("/client/settings.json").json == {
        "accounts": False,
        "login": "https://login.example.com/sign-in",
        "tokens": "https://login.example.com/api/auth/token",
        "claim": "sub",
    }
    policy = browser.get("/").headers["Content-Security-Policy"]
    assert "connect-src 'self' https://login.example.com;" in policy


def test_below_a_path_the_worker_may_serve_that_path(environ):
    browser = create_app(environ | {"TRUSTED_PROXIES": "1"}).test_client()

    answer = browser.get("/client/service-worker.js", headers={"X-Forwarded-Prefix": "/todo"})

    assert answer.headers["Service-Worker-Allowed"] == "/todo/"


def test_below_a_path_the_documentation_is_below_it_too(environ):
    app = create_app(environ | {"TRUSTED_PROXIES": "1", "CLIENT": "off"})

    answer = app.test_client().get("/", headers={"X-Forwarded-Prefix": "/todo"})

    assert answer.headers["Location"] == "/todo/docs"


def test_without_it_the_root_leads_to_the_documentation(environ):
    browser = create_app(environ | {"CLIENT": "off"}).test_client()

    answer = browser.get("/")

    assert answer.status_code == 302
    assert answer.headers["Location"] == "/docs"
    assert browser.get("/client/app.js").status_code == 404


@pytest.mark.parametrize(
    "url",
    ["login.example.com", "javascript:alert(1)", "/sign-in", "https://u:p@host/", "https://["],
)
def test_a_senseless_address_of_a_login_stops_the_start(environ, url):
    with pytest.raises(BadSetting, match="LOGIN_URL"):
        create_app(environ | {"LOGIN_URL": url})
