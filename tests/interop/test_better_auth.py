"""A real Better Auth server in front: sign-up, token, tasks, a rotation, an outage."""

import os
import secrets
import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Self
from urllib.parse import unquote

import pytest
import requests

from tests.problems import assert_problem
from tests.servers import Service, free_port

FOLDER = Path(__file__).parent


class BetterAuth:
    """Better Auth on loopback with a database of its own, so that it may be stopped."""

    def __init__(self, folder: Path, algorithm: str) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.command = ["node", "server.mjs", str(self.port), algorithm]
        self.environ = os.environ | {
            "BETTER_AUTH_SECRET": secrets.token_urlsafe(48),
            "DATABASE": str(folder / "better-auth.db"),
        }

    def __enter__(self) -> Self:
        self.process = subprocess.Popen(
            self.command, cwd=FOLDER, env=self.environ, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout
        assert self.process.stdout.readline() == "ready\n"
        return self

    def __exit__(self, *error: object) -> None:
        self.process.kill()
        self.process.wait()

    def sign_up(self, email: str) -> requests.Session:
        """Return a browser that has signed up."""
        browser = requests.Session()
        browser.headers["Origin"] = self.url
        body = {"email": email, "password": "correct horse battery", "name": "Alice"}
        answer = browser.post(f"{self.url}/api/auth/sign-up/email", json=body, timeout=10)
        assert answer.status_code == 200, answer.text
        browser.user_id = answer.json()["user"]["id"]  # type: ignore[attr-defined]
        browser.session_token = answer.json()["token"]  # type: ignore[attr-defined]
        return browser

    def token(self, browser: requests.Session) -> str:
        answer = browser.get(f"{self.url}/api/auth/token", timeout=10)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["token"])

    def rotate(self) -> None:
        assert requests.post(f"{self.url}/rotate", timeout=10).status_code == 200


@pytest.fixture(scope="module", params=["default", "ES256", "RS256"])
def login(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[BetterAuth]:
    with BetterAuth(tmp_path_factory.mktemp("login"), request.param) as login:
        yield login


@pytest.fixture(scope="module")
def service(login: BetterAuth, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Nothing but BETTER_AUTH_URL says whose tokens are to be trusted."""
    folder = tmp_path_factory.mktemp("service")
    settings = {"BETTER_AUTH_URL": login.url, "JWT_SECRET_KEY": ""}
    with Service(f"sqlite:///{folder}/tasks.db", folder, **settings) as service:
        yield service


@pytest.fixture
def browser(login: BetterAuth) -> requests.Session:
    return login.sign_up(f"{secrets.token_hex(6)}@example.com")


def call(service, user_id, token, path="", method="GET", body=None):
    url = f"{service.url}/api/{user_id}{path}"
    headers = {"Authorization": f"Bearer {token}"}
    return requests.request(method, url, headers=headers, json=body, timeout=10)


def test_whoever_signs_up_there_has_tasks_here(login, service, browser):
    alice, token = browser.user_id, login.token(browser)

    created = call(service, alice, token, "/tasks", "POST", {"title": "Buy milk"})
    assert created.status_code == 201
    path = f"/tasks/{created.json()['id']}"
    assert call(service, alice, token, path, "PUT", {"title": "Milk"}).json()["title"] == "Milk"
    assert call(service, alice, token, f"{path}/complete", "PATCH").json()["completed"] is True
    assert len(call(service, alice, token, "/tasks").json()) == 1
    user = call(service, alice, token, "/export").json()["user"]
    assert user["name"] == "Alice"
    assert user["email"].endswith("@example.com")
    assert call(service, alice, token, path, "DELETE").status_code == 200
    assert_problem(call(service, "somebody-else", token, "/tasks"), 403)


def test_the_session_token_and_the_session_cookie_are_no_access_tokens(login, service, browser):
    sentence = "This is a Better Auth session token, not a JWT: call /api/auth/token"
    cookies = {cookie.name: unquote(cookie.value or "") for cookie in browser.cookies}

    for token in (browser.session_token, cookies["better-auth.session_token"]):
        answer = call(service, browser.user_id, token, "/tasks")
        assert_problem(answer, 401, names=sentence)
    cache = cookies["better-auth.session_data"]
    assert cache.count(".") == 2  # a JWT, signed with the key of the access tokens
    answer = call(service, browser.user_id, cache, "/tasks")
    assert_problem(answer, 401, names="This is a Better Auth session cookie, not a JWT")


def test_a_rotation_while_requests_run_loses_none(login, service, browser):
    statuses: list[int] = []
    over = threading.Event()

    def work() -> None:
        while not over.is_set():
            token = login.token(browser)
            statuses.append(call(service, browser.user_id, token, "/tasks").status_code)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    keys = f"{login.url}/api/auth/jwks"
    before = len(requests.get(keys, timeout=10).json()["keys"])
    old = login.token(browser)
    for _ in range(3):
        time.sleep(0.4)
        login.rotate()
    time.sleep(0.5)
    over.set()
    for thread in threads:
        thread.join()

    assert len(requests.get(keys, timeout=10).json()["keys"]) >= before + 3
    assert set(statuses) == {200}
    assert len(statuses) > 20
    assert call(service, browser.user_id, old, "/tasks").status_code == 200


def test_tasks_go_on_while_the_login_is_stopped(login, service, browser):
    token = login.token(browser)
    # Each process has keys of its own: let both of them see this token's.
    with ThreadPoolExecutor(8) as pool:
        calls = pool.map(lambda _: call(service, browser.user_id, token, "/tasks"), range(80))
        assert {answer.status_code for answer in calls} == {200}

    login.__exit__()
    for _ in range(10):
        answer = call(service, browser.user_id, token, "/tasks", "POST", {"title": "t"})
        assert answer.status_code == 201
    login.__enter__()

    answer = call(service, browser.user_id, login.token(browser), "/tasks")
    assert len(answer.json()) == 10
