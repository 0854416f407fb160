"""The guard in front of /api/{user_id}: 401 for the token, 403 for the path, then the rest."""

import re
import time
from urllib.parse import quote

import flask_jwt_extended
import jwt
import pytest
from prometheus_client import REGISTRY

from taskapp import auth
from tests.conftest import SECRET
from tests.logins import SigningKey, base64url
from tests.problems import assert_problem

FOREVER = 4_000_000_000


def bearer(claims, secret=SECRET, algorithm="HS256", **kwargs):
    return {"Authorization": f"Bearer {jwt.encode(claims, secret, algorithm, **kwargs)}"}


def test_every_route_with_a_user_id_passes_the_guard(app, stranger, alice):
    rules = [rule for rule in app.url_map.iter_rules() if "user_id" in rule.arguments]
    assert rules
    for rule in rules:
        url = rule.rule.replace("<user_id>", "bob").replace("<row_id:task_id>", "1")
        for method in (rule.methods or set()) - {"OPTIONS", "HEAD"}:
            assert_problem(stranger.open(url, method), 401)
            assert_problem(alice.open(url, method), 403, names="Access denied")


def test_flask_jwt_extended_tells_about_the_token_behind_the_guard(app, alice):
    """Whoever knows that library finds here what it promises."""
    with app.test_request_context(alice.tasks_url, headers=alice.headers):
        auth.require_token()

        assert flask_jwt_extended.get_jwt_identity() == alice.id
        assert flask_jwt_extended.get_jwt()["sub"] == alice.id
        assert flask_jwt_extended.get_jwt_header()["alg"] == "HS256"
        assert flask_jwt_extended.get_jwt_request_location() == "headers"
        assert flask_jwt_extended.current_user.id == alice.id
        assert flask_jwt_extended.get_current_user() == auth.identity()


def test_the_token_is_checked_before_the_request(stranger, alice):
    broken = {"data": b"{", "content_type": "application/json"}

    assert_problem(stranger.post("/api/bob/tasks", **broken), 401)
    assert_problem(alice.post("/api/bob/tasks", **broken), 403)
    assert_problem(stranger.get("/api/bob/tasks/abc"), 401)
    assert_problem(alice.get("/api/bob/tasks/abc"), 403)


def test_a_token_made_with_the_shared_secret_is_accepted(alice):
    headers = bearer({"sub": alice.id, "exp": FOREVER})

    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": 1_000_000_000},
        {"exp": None},
        {"exp": "soon"},
        {"exp": [1]},
        {"exp": 1e400},
        {"exp": str(FOREVER)},
        {"exp": True},
        {"exp": -1},
        {"exp": FOREVER * 1000},
        {"exp": FOREVER, "iat": True},
        {"exp": FOREVER, "iat": "1"},
        {"exp": FOREVER, "nbf": False},
        {"exp": FOREVER, "nbf": FOREVER},
        {"exp": FOREVER, "sub": ""},
        {"exp": FOREVER, "sub": 7.5},
        {"exp": FOREVER, "sub": -7},
        {"exp": FOREVER, "sub": True},
        {"exp": FOREVER, "sub": 10**300},
        {"exp": FOREVER, "sub": ["alice"]},
        {"exp": FOREVER, "sub": None},
        {"exp": FOREVER, "sub": "a\0b"},
        {"exp": FOREVER, "sub": "x" * 256},
        {"exp": FOREVER, "type": "refresh"},
    ],
)
def test_a_token_with_senseless_claims_is_refused(alice, claims):
    claims = {"sub": alice.id, **claims}
    claims = {name: value for name, value in claims.items() if value is not None}

    response = alice.get(alice.tasks_url, headers=bearer(claims))

    problem = assert_problem(response, 401)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]
    assert alice.id not in problem["detail"]


@pytest.mark.parametrize("kind", ["app", "customer", "access", None, 7])
def test_a_type_of_the_logins_own_is_nothing_to_us(alice, kind):
    headers = bearer({"sub": alice.id, "exp": FOREVER, "type": kind})

    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


def test_a_token_with_many_groups_is_accepted(alice):
    """Entra ID writes up to 200 of them into it."""
    groups = [f"{number:032}" for number in range(200)]
    headers = bearer({"sub": alice.id, "exp": FOREVER, "groups": groups})

    assert len(headers["Authorization"]) > 8192
    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


def test_clocks_may_differ_by_a_few_seconds(alice):
    headers = bearer({"sub": alice.id, "exp": int(time.time()) - 3})

    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


@pytest.mark.parametrize("number", [0, 7, 2**63])
def test_a_whole_number_is_a_user_id_by_its_digits(app, alice, number):
    headers = bearer({"sub": number, "exp": FOREVER})

    for _ in range(2):  # verified, and remembered
        assert alice.get(f"/api/{number}/tasks", headers=headers).status_code == 200
    assert_problem(alice.get(f"/api/0{number}/tasks", headers=headers), 403)
    with app.test_request_context(headers=headers):
        auth.require_token()
        assert auth.identity().id == flask_jwt_extended.get_jwt_identity() == str(number)


@pytest.mark.parametrize(
    ("algorithm", "sentence"),
    [
        ("EdDSA", "signed with EdDSA; only HS256 is accepted here: set BETTER_AUTH_URL or"),
        ("RS256", "signed with RS256; only HS256 is accepted here: set BETTER_AUTH_URL or"),
    ],
)
def test_a_token_of_another_algorithm_says_so_and_what_to_set(alice, algorithm, sentence):
    key = SigningKey(algorithm)
    token = key.sign(f'{{"alg": "{algorithm}"}}', f'{{"sub": "{alice.id}", "exp": {FOREVER}}}')

    response = alice.get(alice.tasks_url, headers={"Authorization": f"Bearer {token}"})

    assert_problem(response, 401, names=sentence)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ('{"alg": "HS512"}', "signed with HS512; only HS256 is accepted here."),
        ('{"alg": "none"}', "not signed; only HS256 is accepted here."),
        ('{"alg": "None"}', "not signed; only HS256 is accepted here."),
        ("{}", "does not say how it is signed; only HS256 is accepted here."),
        ('{"alg": 7}', "does not say how it is signed"),
        ('{"alg": "<b>"}', "does not say how it is signed"),
    ],
)
def test_an_algorithm_that_nothing_helps_against_is_named(alice, header, sentence):
    claims = base64url(f'{{"sub": "{alice.id}", "exp": {FOREVER}}}')
    token = f"{base64url(header)}.{claims}.{base64url(b'x')}"

    response = alice.get(alice.tasks_url, headers={"Authorization": f"Bearer {token}"})

    assert_problem(response, 401, names=sentence)


@pytest.mark.parametrize(
    ("header", "sentence"),
    [
        ("Bearer undefined", "sent 'undefined' in place of a token"),
        ("bearer null", "sent 'null' in place of a token"),
        ("Bearer None", "sent 'None' in place of a token"),
        ("Bearer NaN", "sent 'NaN' in place of a token"),
        ("Bearer [object Object]", "sent '[object Object]' in place of a token"),
        ("Bearer [object Promise]", "sent '[object Promise]' in place of a token"),
        ("Bearer Bearer {}", "stands twice"),
        ("Bearer bearer {}", "stands twice"),
        ('Bearer "{}"', "in quotes"),
        ("Bearer", "must be: Bearer <JWT>"),
        ("{}", "must be: Bearer <JWT>"),
        ("Token {}", "must be: Bearer <JWT>"),
    ],
)
def test_what_clients_send_by_mistake_is_named(alice, header, sentence):
    headers = {"Authorization": header.format(alice.token)}

    response = alice.get(alice.tasks_url, headers=headers)

    assert_problem(response, 401, names=sentence)
    assert 'error="invalid_token"' in response.headers["WWW-Authenticate"]


@pytest.mark.parametrize("algorithm", ["HS384", "HS512"])
def test_only_the_configured_algorithm_is_accepted(alice, algorithm):
    headers = bearer({"sub": alice.id, "exp": FOREVER}, SECRET * 2, algorithm)
    own = bearer({"sub": alice.id, "exp": FOREVER}, SECRET, algorithm)

    assert_problem(alice.get(alice.tasks_url, headers=headers), 401)
    assert_problem(alice.get(alice.tasks_url, headers=own), 401)


def test_an_unsigned_token_is_refused(alice):
    headers = bearer({"sub": alice.id, "exp": FOREVER}, None, "none")

    assert_problem(alice.get(alice.tasks_url, headers=headers), 401)


def test_a_token_of_another_secret_is_refused(alice):
    headers = bearer({"sub": alice.id, "exp": FOREVER}, "another secret of at least 32 bytes")

    assert_problem(alice.get(alice.tasks_url, headers=headers), 401)


@pytest.mark.parametrize(
    "header",
    ["", "Bearer", "Bearer ", "Basic YTpi", "Bearer a b", "Bearer x", "Bearer a.b.c", "Bearer ...",
     "Bearer " + "a" * 100_000, "Bearer é.é.é", "Bearer eyJhbGciOiJIUzI1NiJ9.e30.", "a.b.c"],
)  # fmt: skip
def test_what_is_no_token_is_refused(alice, header):
    assert_problem(alice.get(alice.tasks_url, headers={"Authorization": header}), 401)


@pytest.mark.parametrize(
    "form", ["{0}", "Basic {0}", "Bearer  {0}", "Bearer {0} {0}", "Bearer {0},", "Bearer, {0}"]
)
def test_a_valid_token_in_another_form_is_refused(stranger, alice, form):
    headers = {"Authorization": form.format(alice.token)}

    assert_problem(stranger.get(alice.tasks_url, headers=headers), 401, names="must be: Bearer")


def test_an_opaque_session_token_gets_a_sentence_of_its_own(alice):
    headers = {"Authorization": "Bearer 9aXlQ0lSxGzTqXxYcWnXlTzJZ1fGw3kV"}

    response = alice.get(alice.tasks_url, headers=headers)

    assert_problem(response, 401, names="not a JWT")


def test_tokens_are_taken_from_the_header_only(stranger, alice):
    stranger.client.set_cookie("access_token_cookie", alice.token)
    for url in (f"{alice.tasks_url}?jwt={alice.token}", f"{alice.tasks_url}?token={alice.token}"):
        assert_problem(stranger.get(url), 401)
    assert_problem(stranger.post(alice.tasks_url, json={"access_token": alice.token}), 401)


@pytest.mark.parametrize(
    ("header", "outcome"),
    [
        (None, "missing"),
        ("Basic YTpi", "malformed"),
        ("Bearer", "malformed"),
        ("Bearer a.b.c", "refused"),
    ],
)
def test_why_nobody_came_in_is_counted(stranger, header, outcome):
    def counted():
        sample = REGISTRY.get_sample_value("taskapp_token_checks_total", {"outcome": outcome})
        return sample or 0

    before = counted()
    headers = {} if header is None else {"Authorization": header}

    assert_problem(stranger.get("/api/alice/tasks", headers=headers), 401)

    assert counted() == before + 1


@pytest.mark.parametrize(
    "trick",
    ["{}.", "{}%20", "%20{}", "{}%00", "{}%2F", "{}%2F..", "{}%252e", "{}%EF%BC%8E", "{}%c0%80"],
)
def test_a_user_id_is_compared_exactly(alice, trick):
    assert_problem(alice.get(f"/api/{trick.format(alice.id)}/tasks"), 403)


@pytest.mark.parametrize("path", ["/no/such/thing", "/tasks/1/no", "/task", "/tasks/1/complete/x"])
def test_what_no_route_answers_is_still_the_users(stranger, alice, bob, path):
    assert_problem(stranger.get(f"/api/{alice.id}{path}"), 401)
    assert_problem(bob.get(f"/api/{alice.id}{path}"), 403)
    assert_problem(alice.get(f"/api/{alice.id}{path}"), 404)
    assert_problem(stranger.put(f"/api/{alice.id}/tasks"), 401)
    assert_problem(bob.put(f"/api/{alice.id}/tasks"), 403)
    assert_problem(alice.put(f"/api/{alice.id}/tasks"), 405)


def test_case_matters(alice):
    assert_problem(alice.get(f"/api/{alice.id.upper()}/tasks"), 403)


@pytest.mark.parametrize(
    "user_id",
    ["auth0|64f", "a b", "ü@example.com", "a%b", "a+b", "a?b#c", "a/b", "/", "a//b/", "a%2Fb",
     "https://login.example.com/users/7", "a/tasks", "../bob"],
)  # fmt: skip
def test_any_user_id_works_when_encoded_once(alice, user_id):
    headers = bearer({"sub": user_id, "exp": FOREVER})

    response = alice.post(
        f"/api/{quote(user_id, safe='')}/tasks", json={"title": "t"}, headers=headers
    )

    assert response.status_code == 201
    assert response.json["user_id"] == user_id
    assert alice.get(response.headers["Location"], headers=headers).status_code == 200
    for number in range(2):
        alice.post("/api/tasks", json={"title": f"t{number}"}, headers=headers)
    page = alice.get(f"/api/{quote(user_id, safe='')}/tasks?limit=1", headers=headers)
    link = re.search("<(.*?)>", page.headers["Link"])[1]
    assert alice.get(link, headers=headers).json[0]["user_id"] == user_id
    changes = alice.get(f"/api/{quote(user_id, safe='')}/tasks/changes?since=0", headers=headers)
    assert alice.get(changes.json["next"], headers=headers).status_code == 200
    nothing = alice.get(f"/api/{quote(user_id, safe='')}/no/such?a=%2F", headers=headers)
    assert quote(user_id, safe="") in assert_problem(nothing, 404)["instance"]


@pytest.mark.parametrize(
    "path",
    ["a%00b", "a%252Fb", "a%5Cb", "a", "a%2Fb%2F", "%2Fa%2Fb", "a/b", "a%2F%2Fb", "a%EF%BF%BDb"],
)
def test_a_user_id_with_a_slash_is_compared_exactly(alice, path):
    headers = bearer({"sub": "a/b", "exp": FOREVER})

    for end in ("tasks", "tasks/1", "export", "no/such"):
        assert_problem(alice.get(f"/api/{path}/{end}", headers=headers), 403)


def test_whoever_sends_the_slash_of_a_user_id_plain_is_told_how(alice):
    headers = bearer({"sub": "https://login.example.com/7", "exp": FOREVER})

    response = alice.get("/api/https://login.example.com/7/tasks", headers=headers)

    assert_problem(response, 403, names="sent as %2F")


@pytest.mark.parametrize("owner", ["todos", "bob", "users", "a b"])
def test_a_path_that_is_not_the_tokens_is_named(alice, owner):
    assert_problem(alice.get(f"/api/{owner}/tasks"), 403, names=f"in the path, {owner!r}, is not")
    assert_problem(alice.get(f"/api/{owner}"), 403, names=f"in the path, {owner!r}, is not")


@pytest.mark.parametrize("path", ["tasks", "tasks/7", "tasks/7/complete", "alice/tasks", ""])
def test_an_address_with_a_version_says_that_there_is_none(alice, stranger, path):
    assert_problem(alice.get(f"/api/v1/{path}"), 403, names="have no version here. Call /api/")
    assert_problem(stranger.get(f"/api/v1/{path}"), 401)


@pytest.mark.parametrize("word", ["register", "login", "signup", "me", "sign-in/email", "%00/x"])
def test_signing_up_with_a_version_needs_no_token_to_hear_that(alice, stranger, word):
    for person in (alice, stranger):
        response = person.post(f"/api/v2/auth/{word}", json={})

        named = assert_problem(response, 404, names="have no version here. Call /api/auth/")
        assert "%00" in word or word in named["detail"]


@pytest.mark.parametrize("version", ["V1", "v1.0"])
def test_a_version_is_one_in_each_way_of_writing_it(alice, stranger, version):
    says = "have no version here. Call /api/"

    assert_problem(alice.get(f"/api/{version}/tasks"), 403, names=says)
    assert_problem(
        stranger.post(f"/api/{version}/auth/login", json={}), 404, names=f"{says}auth/login"
    )


@pytest.mark.parametrize("word", ["register", "login", "signup", "signin", "refresh", "logout"])
def test_signing_in_at_a_wrong_address_needs_no_token_to_hear_the_right_one(app, stranger, word):
    assert_problem(stranger.post(f"/api/{word}", json={}), 404, names=f"Call /api/auth/{word}")
    # It may be the id of a user, whose path is as closed as any.
    assert_problem(stranger.get(f"/api/{word}/tasks"), 401)
    assert_problem(stranger.delete(f"/api/{word}"), 401)
