"""An outside login: its published keys are fetched, cached, kept current and outlive an outage."""

import secrets
import time
from concurrent.futures import ThreadPoolExecutor

import jwt
import pytest
from prometheus_client import REGISTRY

from taskapp import config, create_app, urls
from taskapp.auth import guard, jwks
from tests.logins import Login, SigningKey
from tests.problems import assert_problem
from tests.servers import migrate
from tests.waiting import until


@pytest.fixture(scope="module")
def environ(tmp_path_factory):
    """SQLite alone: no key is in the database."""
    environ = {"DATABASE_URL": f"sqlite:///{tmp_path_factory.mktemp('login')}/tasks.db"}
    migrate(environ)
    return environ


@pytest.fixture
def login():
    with Login() as login:
        yield login


class Frontend:
    """An application that trusts the login, and a client that calls it."""

    def __init__(self, environ, login, **settings):
        settings = {"BETTER_AUTH_URL": login.url, **settings}
        self.login = login
        self.app = create_app(environ | settings)
        self.alice = f"alice-{secrets.token_hex(6)}"

    def get(self, token=None, **kwargs):
        headers = {"Authorization": f"Bearer {token or self.login.token(self.alice, **kwargs)}"}
        return self.app.test_client().get(f"/api/{self.alice}/tasks", headers=headers)

    @property
    def keys(self):
        with self.app.app_context():
            return guard.login_keys()


@pytest.fixture
def frontend(environ, login):
    return Frontend(environ, login)


def let_time_pass(frontend, seconds):
    """Age the keys at hand, instead of waiting."""
    frontend.keys._fetched -= seconds
    frontend.keys._not_before -= seconds


def test_the_url_of_better_auth_alone_is_enough(frontend):
    assert frontend.get().status_code == 200


@pytest.mark.parametrize("algorithm", ["EdDSA", "ES256", "RS256", "PS256"])
def test_the_usual_algorithms_are_verified(frontend, login, algorithm):
    login.rotate(algorithm)

    assert frontend.get().status_code == 200
    assert frontend.get(header={"typ": "JWT"}).status_code == 200
    assert frontend.get(header={"typ": "at+jwt"}).status_code == 200


def test_an_algorithm_that_is_not_configured_is_refused(environ, login):
    login.keys = [SigningKey("ES256"), SigningKey("RS256")]
    frontend = Frontend(environ, login, JWT_ALGORITHMS="RS256")

    assert frontend.get(key=login.keys[1]).status_code == 200
    refused = frontend.get(key=login.keys[0])
    assert_problem(refused, 401, names="ES256; only RS256 is accepted here: add ES256 to JWT_ALG")


@pytest.mark.parametrize(
    "claims",
    [
        {"aud": ["https://other.example", "{url}"]},
        {"aud": "{url}/"},
        {"iss": "{url}/", "email": "alice@example.com", "name": "Alice"},
    ],
)
def test_lists_of_audiences_and_final_slashes_are_accepted(frontend, login, claims):
    def fill(value):
        return [fill(v) for v in value] if isinstance(value, list) else value.format(url=login.url)

    claims = {name: fill(value) for name, value in claims.items()}

    assert frontend.get(**claims).status_code == 200


@pytest.mark.parametrize(
    ("claims", "names"),
    [
        ({"aud": "https://other.example"}, "aud"),
        ({"aud": ["https://other.example"]}, "aud"),
        ({"aud": []}, "aud"),
        ({"aud": {"a": 1}}, "aud"),
        ({"aud": None}, "aud"),
        ({"iss": "https://other.example"}, "iss"),
        ({"iss": ["https://other.example"]}, "iss"),
        ({"iss": None}, "iss"),
    ],
)
def test_issuer_and_audience_are_required(frontend, claims, names):
    assert_problem(frontend.get(**claims), 401, names=names)


def test_any_other_issuer_can_be_named(environ, login):
    frontend = Frontend(
        environ,
        login,
        BETTER_AUTH_URL="",
        JWT_JWKS_URL=login.jwks_url,
        JWT_ISSUER="https://issuer.example/",
        JWT_AUDIENCE="api://tasks, https://tasks.example",
        JWT_IDENTITY_CLAIM="uid",
    )
    named = {"iss": "https://issuer.example/", "uid": frontend.alice, "sub": "another"}

    assert frontend.get(**named, aud="https://tasks.example").status_code == 200
    assert_problem(frontend.get(**named, aud="other"), 401, names="aud")
    assert_problem(frontend.get(iss="https://issuer.example", aud="api://tasks"), 401, names="iss")


def test_the_session_cookie_of_better_auth_does_not_pass(frontend):
    cookie = {"header": {"typ": "better-auth.session-cache+jwt"}}

    assert_problem(frontend.get(**cookie), 401, names="/api/auth/token")
    assert_problem(frontend.get(aud="better-auth.session"), 401, names="aud")


def test_an_opaque_session_token_is_told_apart(frontend):
    for token in ("9aXlQ0lSxGzTqXxYcWnXlTzJZ1fGw3kV", "9aXlQ0lSxGzTqXxYcWnXlTzJZ1fGw3kV.a%2Bb%3D"):
        problem = assert_problem(frontend.get(token), 401)
        assert "This is a Better Auth session token, not a JWT" in problem["detail"]
        assert "call /api/auth/token" in problem["detail"]


def test_keys_are_fetched_once_and_a_verified_token_is_remembered(frontend, login, monkeypatch):
    token = login.token(frontend.alice)

    assert frontend.get(token).status_code == 200
    monkeypatch.setattr("jwt.decode", None)  # whoever verified again would fail
    answers = {frontend.get(token).status_code for _ in range(20)}

    assert answers == {200}
    assert login.fetches == 1


def test_operators_see_when_the_keys_were_fetched(frontend):
    name = "taskapp_login_keys_fetched_timestamp_seconds"
    began = time.time()

    assert frontend.get().status_code == 200

    assert began <= REGISTRY.get_sample_value(name) <= time.time()


def test_a_remembered_token_expires_all_the_same(frontend, login):
    token = login.token(frontend.alice, exp=int(time.time()) - 6)  # some seconds of leeway left
    assert frontend.get(token).status_code == 200

    until(lambda: frontend.get(token).status_code != 200)

    assert_problem(frontend.get(token), 401, names="expired")


def test_a_key_published_just_now_is_accepted_at_once(frontend, login):
    assert frontend.get().status_code == 200

    login.rotate()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: frontend.get().status_code, range(8)))

    assert answers == [200] * 8
    assert login.fetches <= 3


def test_a_second_rotation_in_the_same_second_is_waited_for(frontend, login):
    for _ in range(3):
        login.rotate()
        assert frontend.get().status_code == 200


def test_an_unknown_key_is_a_401_and_many_cost_few_fetches(frontend, login):
    assert frontend.get().status_code == 200
    token = login.token(frontend.alice)
    started = time.monotonic()

    slowest = 0.0
    for number in range(400):
        assert_problem(frontend.get(header={"kid": f"unknown-{number}"}), 401, names="kid")
        before = time.monotonic()
        assert frontend.get(token).status_code == 200
        slowest = max(slowest, time.monotonic() - before)

    assert login.fetches <= 2 + (time.monotonic() - started) / 1.0
    assert slowest < jwks.PAUSE_AFTER_VAIN


def test_after_a_vain_fetch_no_other_begins_for_a_second(frontend, login):
    assert frontend.get().status_code == 200
    let_time_pass(frontend, 1)
    assert_problem(frontend.get(header={"kid": "unknown"}), 401)
    assert login.fetches == 2

    let_time_pass(frontend, 0.2)
    assert_problem(frontend.get(header={"kid": "unknown too"}), 401)
    assert login.fetches == 2

    login.rotate()
    let_time_pass(frontend, 0.9)
    assert frontend.get().status_code == 200
    assert login.fetches == 3


def test_a_key_that_was_replaced_under_its_own_id_is_refused(frontend, login):
    old = login.token(frontend.alice)
    assert frontend.get(old).status_code == 200

    login.keys = [SigningKey(kid=login.keys[0].kid)]
    let_time_pass(frontend, 301)

    assert frontend.get().status_code == 200
    assert_problem(frontend.get(old), 401, names="signature")


def test_a_token_without_a_key_id_needs_a_set_of_one_key(frontend, login):
    login.keys = [SigningKey(kid=None)]
    assert frontend.get().status_code == 200

    unnamed = login.keys[0]
    login.keys = [SigningKey(), SigningKey()]
    let_time_pass(frontend, 1000)

    assert_problem(frontend.get(key=unnamed), 401, names="which of the login's keys")


def test_a_key_that_is_gone_is_refused_after_the_greatest_age(frontend, login):
    old = login.token(frontend.alice)
    assert frontend.get(old).status_code == 200

    login.rotate(keep=False)
    assert frontend.get(old).status_code == 200  # not known yet
    let_time_pass(frontend, 301)

    assert_problem(frontend.get(old), 401, names="kid")
    assert frontend.get().status_code == 200


def test_keys_are_refreshed_in_the_background_before_they_are_too_old(frontend, login):
    assert frontend.get().status_code == 200
    login.may_answer.clear()
    let_time_pass(frontend, 250)

    assert frontend.get().status_code == 200
    assert frontend.keys.age > 200  # nobody has waited for new ones
    login.may_answer.set()
    until(lambda: frontend.keys.age < 200)

    assert login.fetches == 2


def test_the_last_good_keys_outlive_an_outage_for_a_bounded_time(frontend, login):
    token = login.token(frontend.alice)
    assert frontend.get(token).status_code == 200
    login.__exit__()

    let_time_pass(frontend, 3600)
    assert frontend.get(token).status_code == 200
    assert frontend.get().status_code == 200
    assert_problem(frontend.get(header={"kid": "unknown"}), 503, names="login")
    assert frontend.app.test_client().get("/health/ready").status_code == 200

    let_time_pass(frontend, 14400)
    assert_problem(frontend.get(token), 503, names="login")
    assert_problem(frontend.app.test_client().get("/health/ready"), 503, names="login")

    let_time_pass(frontend, 10)
    with login:
        assert frontend.get(token).status_code == 200


def test_an_unreachable_login_at_start_is_a_warning_and_not_ready(frontend, login, log):
    login.__exit__()

    guard.warm_up(frontend.app)

    assert any("login" in line["message"] for line in log if line["level"] == "WARNING")
    assert_problem(frontend.app.test_client().get("/health/ready"), 503, names="login")
    assert_problem(frontend.get(), 503, names="login")
    let_time_pass_without_keys(frontend)
    with login:
        assert frontend.get().status_code == 200
        assert frontend.app.test_client().get("/health/ready").status_code == 200


def let_time_pass_without_keys(frontend):
    frontend.keys._not_before = 0.0


def test_a_login_that_hangs_is_not_waited_for_twice(environ, login):
    frontend = Frontend(environ, login)
    assert frontend.get().status_code == 200
    login.may_answer.clear()
    let_time_pass(frontend, 301)

    started = time.monotonic()
    assert frontend.get().status_code == 200
    waited = time.monotonic() - started
    assert jwks.TIMEOUT <= waited < 10 * jwks.TIMEOUT
    started = time.monotonic()
    assert frontend.get().status_code == 200
    assert_problem(frontend.get(header={"kid": "unknown"}), 503)
    assert time.monotonic() - started < waited
    login.may_answer.set()


@pytest.mark.parametrize(
    "answer",
    [
        b"", b"<html>", b"[]", b"{}", b'{"keys": 1}', b'{"keys": []}', b'{"keys": [1, null, {}]}',
        b'{"keys": [{"kty": "oct", "k": "c2VjcmV0", "kid": "a"}]}',
        b'{"keys": [{"kty": ["RSA"], "alg": {}, "kid": 7}]}',
        b'{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "AA", "kid": "a"}]}',
        b"[" * 100_000, b" " * 600_000,
    ],
    ids=lambda answer: answer[:60].decode(),
)  # fmt: skip
def test_what_is_no_key_set_is_taken_for_an_unreachable_login(environ, login, answer):
    login.answer = answer

    assert_problem(Frontend(environ, login).get(), 503, names="login")


@pytest.mark.parametrize("status", [204, 301, 302, 404, 500])
def test_only_a_200_is_taken_and_no_redirect_is_followed(environ, login, status):
    login.status = status

    assert_problem(Frontend(environ, login).get(), 503, names="login")
    assert login.fetches == 1


def test_keys_for_something_else_are_left_out(environ, login):
    weak = SigningKey("RS256")
    login.keys = [
        SigningKey(use="enc"),
        SigningKey(key_ops=["sign"]),
        SigningKey("ES256", crv="P-384"),
        SigningKey("RS256", alg="HS256"),
        SigningKey(use="sig", key_ops=["verify"]),
        weak,
    ]
    del weak.jwk["alg"]
    frontend = Frontend(environ, login)

    answers = [frontend.get(key=key).status_code for key in login.keys]

    assert answers == [401, 401, 401, 401, 200, 200]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("BETTER_AUTH_URL", "http://login.example.com"),
        ("BETTER_AUTH_URL", "login.example.com"),
        ("BETTER_AUTH_URL", "ftp://login.example.com"),
        ("BETTER_AUTH_URL", "https://user:password@login.example.com"),
        ("BETTER_AUTH_URL", "https://user@login.example.com"),
        ("BETTER_AUTH_URL", "https://:password@login.example.com"),
        ("BETTER_AUTH_URL", "https://login.example.com#a"),
        ("BETTER_AUTH_URL", "https://login.example.com:port"),
        ("BETTER_AUTH_URL", "https://login.example.com?a=b"),
        ("JWT_JWKS_URL", "http://127.0.0.1.example.com/jwks"),
        ("JWT_ALGORITHMS", "HS256"),
        ("JWT_ALGORITHMS", "none"),
        ("JWT_ALGORITHMS", ","),
    ],
)
def test_senseless_settings_stop_the_start(tmp_path, name, value):
    with pytest.raises(config.BadSetting, match=name):
        config.read({"INSTANCE_PATH": str(tmp_path), name: value})


@pytest.mark.parametrize(
    "url",
    [
        "https://login.example.com",
        "http://localhost:3000",
        "http://[::1]:3000",
        "http://127.0.0.2/",
    ],
)
def test_https_and_loopback_are_fine_and_no_secret_is_needed(tmp_path, url):
    settings = config.read({"BETTER_AUTH_URL": url, "DATABASE_URL": "postgresql://db/tasks"})

    assert settings.jwks_url == f"{url.rstrip('/')}/api/auth/jwks"
    assert settings.jwt_secret_key == ""


SECRET = "a shared secret of at least 32 bytes"


def shared_secret_token(frontend, **claims):
    claims = {"sub": frontend.alice, "exp": int(time.time()) + 60, **claims}
    return jwt.encode(claims, SECRET, "HS256")


def test_a_secret_beside_the_login_is_ignored(environ, login):
    for name in ("JWT_SECRET_KEY", "BETTER_AUTH_SECRET"):
        frontend = Frontend(environ, login, **{name: SECRET})

        assert frontend.get().status_code == 200
        assert_problem(frontend.get(shared_secret_token(frontend)), 401)


def test_a_secret_beside_the_login_is_accepted_when_a_setting_says_so(environ, login):
    frontend = Frontend(environ, login, JWT_SECRET_KEY=SECRET, JWT_SECRET_BESIDE_JWKS="true")

    assert frontend.get().status_code == 200
    assert frontend.get(shared_secret_token(frontend)).status_code == 200
    assert frontend.get(shared_secret_token(frontend)).status_code == 200


def test_issuer_and_audience_hold_for_the_shared_secret_too(environ):
    with Login() as login:
        frontend = Frontend(
            environ,
            login,
            BETTER_AUTH_URL="",
            JWT_SECRET_KEY=SECRET,
            JWT_ISSUER="me",
            JWT_AUDIENCE="you",
        )
        right = {"iss": "me", "aud": ["you", "others"]}

        assert frontend.get(shared_secret_token(frontend, **right)).status_code == 200
        for wrong in (
            {"iss": "me"},
            {"aud": "you"},
            {**right, "iss": "you"},
            {**right, "aud": "me"},
        ):
            assert_problem(frontend.get(shared_secret_token(frontend, **wrong)), 401)


@pytest.mark.parametrize(
    ("environ", "url", "proxy"),
    [
        ({"HTTPS_PROXY": "http://proxy:3128"}, "https://login.example.com/x", "http://proxy:3128"),
        ({"https_proxy": "proxy:3128"}, "https://login.example.com/x", "http://proxy:3128"),
        ({"HTTPS_PROXY": "http://proxy"}, "http://login.example.com/x", None),
        ({"HTTP_PROXY": "http://proxy"}, "http://login.example.com/x", "http://proxy"),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "example.com"}, "https://a.example.com", None),
        ({"HTTPS_PROXY": "http://proxy", "NO_PROXY": "*"}, "https://a.example.com", None),
        ({"HTTP_PROXY": "http://proxy"}, "http://127.0.0.1:3000", None),
        ({"HTTP_PROXY": "http://proxy"}, "http://localhost:3000", None),
    ],
)
def test_a_proxy_of_the_environment_is_used(monkeypatch, environ, url, proxy):
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)
    for name, value in environ.items():
        monkeypatch.setenv(name, value)

    found = urls.proxy_for(url)

    assert (found and found.url) == proxy


def test_keys_are_fetched_through_a_proxy_with_its_password(environ, login, monkeypatch):
    """The proxy here is the login itself, which is asked by an absolute address."""
    monkeypatch.setenv("http_proxy", f"http://user:p%40ss@127.0.0.1:{login.port}")
    host = "http://login.example.com"
    settings = {"BETTER_AUTH_URL": host, "LOGIN_OVER_HTTP": "true"}
    frontend = Frontend(environ, login, **settings)

    assert frontend.get(iss=host, aud=host).status_code == 200
    assert login.asked[-1] == (f"{host}/api/auth/jwks", "Basic dXNlcjpwQHNz")


@pytest.mark.parametrize("proxy", ["ftp://proxy", "http://", "http://proxy:port"])
def test_a_proxy_that_makes_no_sense_stops_the_start(environ, monkeypatch, proxy):
    monkeypatch.setenv("HTTPS_PROXY", proxy)

    with pytest.raises(config.BadSetting, match=r"^HTTPS_PROXY: is not like"):
        create_app(environ | {"BETTER_AUTH_URL": "https://a.example"})
