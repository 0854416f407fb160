"""POST /api/auth/logout"""

import pytest
import requests

from tests.accounts.people import PASSWORD, new_email, post, register
from tests.problems import assert_problem
from tests.servers import ForkedService


def test_signing_out_ends_the_session_of_the_access_token(app):
    alice = register(app)

    response = post(app, "logout", headers=alice.headers)

    assert response.json == {"message": "Signed out"}
    assert_problem(alice.tasks(), 401, names="session has ended")
    assert_problem(post(app, "refresh", {"refresh_token": alice.tokens["refresh_token"]}), 401)
    assert post(app, "logout", headers=alice.headers).json == {"message": "Signed out"}


def test_signing_out_with_the_refresh_token_works_after_the_access_token_has_expired(app):
    alice = register(app)

    assert post(app, "logout", {"refresh_token": alice.tokens["refresh_token"]}).status_code == 200

    assert_problem(alice.tasks(), 401)


def test_other_sessions_live_on(app):
    alice = register(app)
    other = post(app, "login", {"email": alice.email, "password": PASSWORD}).json

    post(app, "logout", headers=alice.headers)

    headers = {"Authorization": f"Bearer {other['access_token']}"}
    assert alice.client.get(f"/api/{alice.id}/tasks", headers=headers).status_code == 200


@pytest.mark.parametrize("header", [None, "Bearer undefined", "Bearer null", "Basic YTpi"])
def test_whoever_has_no_token_that_is_accepted_is_signed_out_already(app, header):
    response = post(app, "logout", headers={"Authorization": header} if header else None)

    assert response.status_code == 200
    assert response.json == {"message": "Signed out"}
    # Another site can send this, too: it must not cost anybody the cookie.
    assert "Set-Cookie" not in response.headers


def test_whoever_has_an_outside_login_has_no_session_here_to_end(app, alice):
    response = post(app, "logout", headers=alice.headers)

    assert response.json == {"message": "Signed out"}
    assert "Set-Cookie" not in response.headers


def test_what_one_process_ends_the_other_refuses_at_once(database_url, tmp_path):
    folders = [tmp_path / "a", tmp_path / "b"]
    for folder in folders:
        folder.mkdir()
    with (
        ForkedService(database_url, folders[0]) as one,
        ForkedService(database_url, folders[1], JWT_SECRET_KEY=one.secret) as other,
    ):
        credentials = {"email": new_email(), "password": PASSWORD}
        answer = requests.post(f"{one.url}/api/auth/register", json=credentials, timeout=10)
        tokens = answer.json()
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        tasks = f"/api/{tokens['user']['id']}/tasks"
        for service in (one, other):  # both have verified it
            answer = requests.get(service.url + tasks, headers=headers, timeout=10)
            assert answer.status_code == 200

        requests.post(f"{one.url}/api/auth/logout", headers=headers, timeout=10)

        for service in (one, other):
            answer = requests.get(service.url + tasks, headers=headers, timeout=10)
            assert_problem(answer, 401, names="session has ended")
