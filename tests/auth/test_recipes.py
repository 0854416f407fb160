"""docs/authentication.md: with the settings of each recipe its tokens are accepted."""

import socket
import time

import flask_migrate
import jwt
import pytest

from taskapp import create_app
from tests import recipes
from tests.logins import Login
from tests.problems import assert_problem

ALICE = "alice-7"


@pytest.fixture
def signed_in(tmp_path):
    """Ask for the tasks of Alice with a token, of a service with these settings."""

    def asked(settings, token):
        app = create_app({**settings, "INSTANCE_PATH": str(tmp_path)})
        with app.app_context():
            flask_migrate.upgrade()
        headers = {"Authorization": f"Bearer {token}", "Origin": settings["CORS_ORIGINS"]}
        answer = app.test_client().get(f"/api/{ALICE}/tasks", headers=headers)
        assert answer.headers["Access-Control-Allow-Origin"] == settings["CORS_ORIGINS"]
        return answer

    return asked


@pytest.fixture
def login():
    with Login() as login:
        yield login


def test_better_auth_inside_the_app(signed_in, login):
    settings = recipes.settings("Better Auth inside the Next.js app")
    settings |= {"BETTER_AUTH_URL": login.url}  # https in the recipe

    assert signed_in(settings, login.token(ALICE)).status_code == 200
    assert_problem(signed_in(settings, login.token(ALICE, aud="https://other.example")), 401)


def test_another_audience_is_a_setting(signed_in, login):
    settings = recipes.settings("Better Auth inside the Next.js app")
    settings |= {"BETTER_AUTH_URL": login.url, "JWT_AUDIENCE": "https://tasks.example.com"}

    token = login.token(ALICE, aud="https://tasks.example.com")

    assert signed_in(settings, token).status_code == 200


def test_a_service_in_a_container_beside_an_app_on_the_machine(signed_in, login, monkeypatch):
    host = "host.docker.internal"
    resolve = socket.getaddrinfo
    monkeypatch.setattr(
        socket,
        "getaddrinfo",
        lambda name, *rest, **more: resolve("127.0.0.1" if name == host else name, *rest, **more),
    )
    title = "The app on this machine, the service in a container"
    settings = recipes.settings(title, **{f"{host}:3000": f"{host}:{login.port}"})
    app = settings["BETTER_AUTH_URL"]

    assert signed_in(settings, login.token(ALICE, iss=app, aud=app)).status_code == 200


def test_a_route_that_signs_by_itself(signed_in):
    settings = recipes.settings("A route of the app's server signs with HS256")
    claims = {
        "sub": ALICE,
        "iss": settings["JWT_ISSUER"],
        "aud": settings["JWT_AUDIENCE"],
        "exp": int(time.time()) + 900,
    }

    def token(**other):
        return jwt.encode(claims | other, settings["JWT_SECRET_KEY"], "HS256")

    assert signed_in(settings, token()).status_code == 200
    assert_problem(signed_in(settings, token(aud="https://other.example")), 401)
    assert_problem(signed_in(settings, token(iss="https://other.example")), 401)
