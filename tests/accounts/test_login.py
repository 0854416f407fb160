"""POST /api/auth/login"""

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import jwt
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher

from taskapp.accounts import attempts, passwords, queries
from taskapp.accounts.models import Account
from taskapp.database import db, execute, maintenance, now
from tests.accounts.people import PASSWORD, new_address, new_email, post, register
from tests.conftest import SECRET, app_with
from tests.problems import assert_problem


def login(app, email, password=PASSWORD, **kwargs):
    return post(app, "login", {"email": email, "password": password}, **kwargs)


def test_email_and_password_open_a_session(app):
    alice = register(app)

    response = login(app, f" {alice.email.upper()} ")

    assert response.status_code == 200
    assert response.json["user"] == alice.tokens["user"]
    assert response.headers["Cache-Control"] == "no-store"
    assert response.json["refresh_token"] != alice.tokens["refresh_token"]


@pytest.mark.parametrize(
    ("settings", "seconds"),
    [
        ({}, 7 * 86400),
        ({"ACCESS_TOKEN_MINUTES": "15"}, 900),
        ({"ACCESS_TOKEN_MINUTES": "10080", "REFRESH_TOKEN_DAYS": "1"}, 86400),
    ],
)
def test_an_access_token_lives_as_long_as_is_set_but_not_longer_than_its_session(
    environ, app, settings, seconds
):
    tokens = register(app_with(environ, **settings)).tokens
    claims = jwt.decode(tokens["access_token"], options={"verify_signature": False})

    assert claims["exp"] - claims["iat"] == tokens["expires_in"] == seconds


def test_an_access_token_is_bound_to_this_service(app):
    token = register(app).tokens["access_token"]

    claims = jwt.decode(token, options={"verify_signature": False})

    assert claims["iss"] == claims["aud"] == "taskapp"
    with pytest.raises(jwt.InvalidSignatureError):  # the shared secret is not its key
        jwt.decode(token, SECRET, ["HS256"], audience="taskapp")


def test_the_shared_secret_makes_no_token_of_an_account(app):
    alice = register(app)
    claims = jwt.decode(alice.tokens["access_token"], options={"verify_signature": False})

    forged = jwt.encode(claims, SECRET, "HS256", headers={"kid": "taskapp"})

    headers = {"Authorization": f"Bearer {forged}"}
    assert_problem(alice.client.get(f"/api/{alice.id}/tasks", headers=headers), 401)


def test_a_wrong_password_and_an_unknown_email_are_answered_alike(app):
    alice = register(app)

    answers = [login(app, alice.email, "wrong"), login(app, new_email(), "wrong")]

    problems = [assert_problem(answer, 401, names="E-mail or password") for answer in answers]
    for problem in problems:
        del problem["request_id"]
    assert problems[0] == problems[1]


@pytest.mark.usefixtures("costly_hashes")
def test_a_wrong_password_and_an_unknown_email_cost_the_same_time(app):
    hash_ = passwords.hash_(PASSWORD)
    passwords.verify(None, "warm up")

    def cost(password_hash):
        started = time.process_time()
        passwords.verify(password_hash, "wrong")
        return time.process_time() - started

    known = statistics.median(cost(hash_) for _ in range(9))
    unknown = statistics.median(cost(None) for _ in range(9))

    # One argon2 hash each; without the stand-in the second would be a thousand times faster.
    assert 0.3 < known / unknown < 3


@pytest.mark.parametrize("field", ["email", "password"])
def test_both_fields_are_needed(app, field):
    body = {"email": new_email(), "password": PASSWORD}
    del body[field]

    assert_problem(post(app, "login", body), 422, names=f"{field}: ")


def test_an_account_can_be_tried_only_so_often_even_with_the_right_password(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    alice, here = register(strict), new_address()

    answers = [login(strict, alice.email, "wrong", address=here) for _ in range(3)]
    right = login(strict, alice.email, address=here)

    assert [answer.status_code for answer in answers] == [401] * 3
    assert_problem(right, 429, names="Too many attempts")
    assert 0 < int(right.headers["Retry-After"]) <= 900


def test_an_unknown_email_is_limited_alike(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    email, here = new_email(), new_address()

    statuses = [login(strict, email, "wrong", address=here).status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]


def test_attempts_at_the_same_time_count_each(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    alice, here = register(strict), new_address()

    def attempt(_):
        return login(strict, alice.email, "wrong", address=here).status_code

    with ThreadPoolExecutor(8) as pool:
        answers = pool.map(attempt, range(8))

    assert sorted(answers) == [401] * 3 + [429] * 5


def test_success_forgets_the_failures(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    alice, here = register(strict), new_address()

    statuses = [
        login(strict, alice.email, password, address=here).status_code
        for password in ("wrong", "wrong", PASSWORD, "wrong", "wrong", PASSWORD)
    ]

    assert statuses == [401, 401, 200, 401, 401, 200]


def test_success_forgets_nobody_elses_failures(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    alice, bob, here = register(strict), register(strict), new_address()
    wrong = [login(strict, bob.email, "wrong", address=here).status_code for _ in range(3)]
    assert wrong == [401] * 3

    assert login(strict, alice.email, address=here).status_code == 200

    assert_problem(login(strict, bob.email, address=here), 429)


def test_success_takes_one_attempt_back_and_only_from_its_address(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ADDRESS="3")
    alice = register(strict)

    def attempt(address, password):
        email = alice.email if password == PASSWORD else new_email()
        return login(strict, email, password, address=address).status_code

    here, there = new_address(), new_address()
    assert [attempt(there, "wrong") for _ in range(3)] == [401] * 3
    assert [attempt(here, word) for word in ("wrong", "wrong", PASSWORD)] == [401, 401, 200]

    assert [attempt(here, "wrong") for _ in range(2)] == [401, 429]
    assert attempt(there, "wrong") == 429


def test_what_somebody_tries_elsewhere_locks_nobody_out(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ACCOUNT="3")
    alice, there = register(strict), new_address()

    statuses = [login(strict, alice.email, "w", address=there).status_code for _ in range(50)]

    assert statuses == [401] * 3 + [429] * 47
    assert login(strict, alice.email).status_code == 200


def test_many_addresses_together_may_try_only_so_often(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_ALTOGETHER="5")
    alice, home = register(strict), new_address()
    assert login(strict, alice.email, address=home).status_code == 200

    statuses = [login(strict, alice.email, "wrong").status_code for _ in range(7)]

    assert statuses == [401] * 5 + [429] * 2
    assert_problem(login(strict, alice.email), 429)
    # Where Alice is signed in nothing has changed for her.
    assert login(strict, alice.email, "wrong", address=home).status_code == 401
    assert login(strict, alice.email, address=home).status_code == 200


def test_success_takes_one_attempt_at_the_account_back(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_ALTOGETHER="2")
    alice = register(strict)

    assert [login(strict, alice.email).status_code for _ in range(5)] == [200] * 5
    assert [login(strict, alice.email, "w").status_code for _ in range(3)] == [401, 401, 429]


def test_an_address_can_try_only_so_often(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_PER_ADDRESS="3")

    address = new_address()

    answers = [login(strict, new_email(), "wrong", address=address) for _ in range(4)]

    assert [answer.status_code for answer in answers] == [401, 401, 401, 429]
    assert login(strict, new_email(), "wrong", address=new_address()).status_code == 401


def test_attempts_are_forgotten_after_their_time(environ, app):
    strict = app_with(environ, LOGIN_ATTEMPTS_ALTOGETHER="1")
    email = new_email()
    assert login(strict, email, "wrong").status_code == 401
    assert login(strict, email, "wrong").status_code == 429

    let_15_minutes_pass(app, email)

    assert login(strict, email, "wrong").status_code == 401
    assert login(strict, email, "wrong").status_code == 429


def test_nothing_stays_of_old_attempts_when_anybody_tries_again(app):
    alices, bobs = new_email(), new_email()
    for email in (alices, bobs):
        login(app, email, "wrong")
    let_15_minutes_pass(app, alices)

    login(app, new_email(), "wrong")

    assert attempts_at(app, alices) is None
    assert attempts_at(app, bobs) == 1


def let_15_minutes_pass(app, email):
    with app.app_context(), db.engine.begin() as connection:
        past = sa.text("UPDATE attempts SET since = :since WHERE digest = :digest")
        since = f"{now() - timedelta(minutes=15):%Y-%m-%d %H:%M:%S.%f}"
        if connection.dialect.name == "postgresql":
            since += "+00:00"
        about = {"since": since, "digest": attempts.digest("account", email)}
        assert connection.execute(past, about).rowcount == 1


def attempts_at(app, email):
    with app.app_context(), db.engine.connect() as connection:
        count = sa.text("SELECT count FROM attempts WHERE digest = :digest")
        return connection.scalar(count, {"digest": attempts.digest("account", email)})


@pytest.mark.usefixtures("costly_hashes")
def test_a_hash_that_was_made_more_cheaply_is_replaced_and_nobody_elses(app, monkeypatch):
    with monkeypatch.context() as earlier:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        earlier.setattr(passwords, "_hasher", cheap)
        alice, bob = register(app), register(app)
    before = hash_of(app, alice), hash_of(app, bob)

    assert login(app, alice.email).status_code == 200

    after = hash_of(app, alice)
    assert "m=8," in before[0]
    assert "m=19456,t=2,p=1" in after
    assert hash_of(app, bob) == before[1]
    assert login(app, alice.email).status_code == 200
    assert hash_of(app, alice) == after


def hash_of(app, person):
    with app.app_context(), db.engine.connect() as connection:
        stored = sa.text("SELECT password_hash FROM accounts WHERE user_id = :id")
        return connection.scalar(stored, {"id": person.id})


@pytest.mark.usefixtures("costly_hashes")
def test_two_sign_ins_that_replace_the_same_old_hash_both_succeed(app, monkeypatch):
    with monkeypatch.context() as earlier:
        cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        earlier.setattr(passwords, "_hasher", cheap)
        alice = register(app)

    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda _: login(app, alice.email).status_code, range(2)))

    assert answers == [200, 200]


COMPOSED, DECOMPOSED, WIDE = (
    "Zo\u00eb's p\u00e4ss",
    "Zoe\u0308's pa\u0308ss",
    "\uff3ao\u00eb's p\u00e4ss",
)


@pytest.mark.parametrize("registered", [COMPOSED, DECOMPOSED, WIDE])
@pytest.mark.parametrize("typed", [COMPOSED, DECOMPOSED, WIDE])
def test_a_password_is_the_same_however_a_keyboard_composes_it(app, registered, typed):
    alice = register(app, password=registered)

    signed_in = post(app, "login", {"email": alice.email, "password": typed})

    assert signed_in.status_code == 200
    refused = post(app, "login", {"email": alice.email, "password": typed.replace("\u00eb", "e")})
    assert refused.status_code == (401 if "\u00eb" in typed else 200)


def test_a_long_password_may_be_sent_decomposed(app):
    alice = register(app, password="\u00eb" * 128)

    body = {"email": alice.email, "password": "e\u0308" * 128}

    assert post(app, "login", body).status_code == 200


@pytest.mark.usefixtures("costly_hashes")
def test_a_hash_of_an_older_release_is_replaced_by_one_that_any_keyboard_opens(app):
    """They hashed what was sent, as it was."""
    alice = register(app)
    old = passwords._hasher.hash(DECOMPOSED)
    with app.app_context(), maintenance():
        queries.set_password_hash(alice.id, old)

    def status(password):
        return post(app, "login", {"email": alice.email, "password": password}).status_code

    assert status(COMPOSED) == 401
    assert status(DECOMPOSED) == 200
    assert status(COMPOSED) == 200


def test_an_account_of_an_older_release_is_found_however_its_email_is_composed(app):
    alice = register(app)
    old = alice.email.replace("@", "@bu\u0308cher.")
    with app.app_context(), maintenance():
        execute(sa.update(Account).where(Account.user_id == alice.id).values(email=old))

    for email in (old, old.replace("u\u0308", "\u00fc"), old.upper()):
        body = {"email": email, "password": PASSWORD}
        assert post(app, "login", body).json["user"]["id"] == alice.id
        assert_problem(post(app, "register", body), 409)
