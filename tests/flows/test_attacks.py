"""Forged, stale and foreign tokens, sent to the service under gunicorn: 401 or 403, no more."""

import base64
import contextlib
import hashlib
import hmac
import http.client
import json
import secrets
import statistics
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from cryptography.hazmat.primitives import serialization

from tests.accounts.people import PASSWORD, new_email
from tests.chance import some
from tests.logins import Login, SigningKey, base64url
from tests.servers import ForkedService, Service
from tests.waiting import PATIENCE

# Always the same: they are in the names of tests, which all workers must find alike.
ALICE = "user-alice"
BOB = "user-bob"


@pytest.fixture(scope="module")
def login() -> Iterator[Login]:
    with Login(*(SigningKey(name) for name in ("EdDSA", "ES256", "RS256", "PS256"))) as login:
        yield login


@pytest.fixture(scope="module")
def target(login: Login, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """Everything that can be on is on: an outside login, a shared secret and accounts."""
    folder = tmp_path_factory.mktemp("target")
    on = {"BETTER_AUTH_URL": login.url, "JWT_SECRET_BESIDE_JWKS": "true", "ACCOUNTS": "on"}
    with ForkedService(f"sqlite:///{folder}/tasks.db", folder, **on) as service:
        yield service


def send(
    target: Service,
    *tokens: bytes | str,
    path: str | None = None,
    method: str = "GET",
    body: str = "",
) -> tuple[int, dict[str, object]]:
    """Send a request byte by byte as it is, with an Authorization header for each token."""
    connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=PATIENCE)
    connection.putrequest(method, path or f"/api/{ALICE}/tasks", skip_accept_encoding=True)
    for token in tokens:
        raw = token if isinstance(token, bytes) else token.encode("latin-1")
        connection.putheader("Authorization", b"Bearer " + raw)
    if body:
        connection.putheader("Content-Type", "application/json")
        connection.putheader("Content-Length", str(len(body)))
    connection.endheaders(body.encode() or None)
    answer = connection.getresponse()
    text = answer.read()
    connection.close()
    return answer.status, json.loads(text) if text.startswith((b"{", b"[")) else {}


def assert_refused(
    target: Service, *tokens: bytes | str, status: int = 401, **kwargs: object
) -> None:
    answer, problem = send(target, *tokens, **kwargs)  # type: ignore[arg-type]
    assert answer == status, problem


def by_algorithm(login: Login, name: str) -> SigningKey:
    return next(key for key in login.keys if key.algorithm == name)


def unsigned(login: Login, algorithm: object) -> str:
    header = json.dumps({"alg": algorithm, "kid": login.keys[0].kid})
    return f"{base64url(header)}.{base64url(json.dumps(login.claims(ALICE)))}"


def test_honest_tokens_of_every_kind_are_accepted(target, login):
    assert send(target, login.token(ALICE))[0] == 200
    for name in ("ES256", "RS256", "PS256"):
        assert send(target, login.token(ALICE, key=by_algorithm(login, name)))[0] == 200
    shared = target.session(ALICE).headers["Authorization"].removeprefix("Bearer ")
    assert send(target, shared)[0] == 200


@pytest.mark.parametrize(
    "algorithm", ["none", "None", "NONE", "nOnE", "", None, 0, [], ["none"], {}]
)
def test_no_algorithm(target, login, algorithm):
    for signature in ("", "AA", base64url(b"\0" * 64)):
        assert_refused(target, f"{unsigned(login, algorithm)}.{signature}")
    assert_refused(target, unsigned(login, algorithm))


@pytest.mark.parametrize("name", ["EdDSA", "ES256", "RS256"])
def test_a_public_key_is_no_hmac_secret(target, login, name):
    key = by_algorithm(login, name)
    public = key.private.public_key()
    encodings = [
        public.public_bytes(encoding, form)
        for encoding, form in [
            (serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo),
            (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo),
        ]
    ]
    encodings += [encodings[0].strip(), encodings[0].replace(b"\n", b"\r\n")]
    encodings += [json.dumps(key.jwk).encode(), json.dumps(key.jwk, separators=(",", ":")).encode()]
    encodings += [str(key.jwk[member]).encode() for member in ("x", "y", "n") if member in key.jwk]
    encodings += [
        base64.urlsafe_b64decode(key.jwk[member] + "==")
        for member in ("x", "n")
        if member in key.jwk
    ]
    encodings += [b"", b"\0" * 32]
    for secret in encodings:
        for algorithm, digest in (("HS256", "sha256"), ("HS384", "sha384"), ("HS512", "sha512")):
            for kid in (key.kid, "taskapp", None):
                header = {"alg": algorithm} | ({"kid": kid} if kid else {})
                text = (
                    f"{base64url(json.dumps(header))}.{base64url(json.dumps(login.claims(ALICE)))}"
                )
                signature = hmac.digest(secret, text.encode(), digest)
                assert_refused(target, f"{text}.{base64url(signature)}")


@pytest.mark.parametrize("name", ["EdDSA", "ES256", "RS256", "PS256"])
def test_signatures_that_are_missing_zero_garbage_or_of_another_token(target, login, name):
    key = by_algorithm(login, name)
    head, claims, signature = login.token(ALICE, key=key).split(".")
    _, other_claims, _ = login.token(ALICE, key=key, name="other").split(".")
    length = len(base64.urlsafe_b64decode(signature + "=="))
    flipped = ("B" if signature[0] == "A" else "A") + signature[1:]
    for forged in ("", "AA", base64url(b"\0" * length), base64url(b"\xff" * length), flipped):
        assert_refused(target, f"{head}.{claims}.{forged}")
    assert_refused(target, f"{head}.{other_claims}.{signature}")
    # ES256: r = s = 0 in DER, and r = 0, s = 1.
    for forged in (b"0\x06\x02\x01\0\x02\x01\0", b"\0" * 63 + b"\x01"):
        assert_refused(target, f"{head}.{claims}.{base64url(forged)}")


def test_a_token_is_checked_with_its_own_key_and_algorithm_only(target, login):
    for key in login.keys:
        for other in login.keys:
            if key is not other:
                assert_refused(target, login.token(ALICE, key=key, header={"kid": other.kid}))
                header = {"kid": other.kid, "alg": other.algorithm}
                assert_refused(target, login.token(ALICE, key=key, header=header))
                assert_refused(target, login.token(ALICE, key=key, header={"alg": other.algorithm}))


def test_a_key_that_the_token_brings_along_is_not_used(target, login):
    own = SigningKey("RS256", kid="own")
    certificate = base64.b64encode(
        own.private.public_key().public_bytes(
            serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
        )
    ).decode()
    fetches = login.fetches
    with Login(own) as evil:
        for kid in ("own", login.keys[0].kid, by_algorithm(login, "RS256").kid):
            for header in (
                {"jwk": own.jwk},
                {"jku": evil.jwks_url},
                {"x5u": evil.jwks_url},
                {"x5c": [certificate]},
                {"jku": evil.jwks_url, "jwk": own.jwk, "x5c": [certificate], "iss": evil.url},
            ):
                assert_refused(target, login.token(ALICE, key=own, header={"kid": kid, **header}))
        assert evil.fetches == 0
    assert login.fetches <= fetches + 20


@pytest.mark.parametrize(
    "kid",
    [
        "../../etc/passwd",
        "/dev/null",
        "' OR '1'='1",
        "'; DROP TABLE users; --",
        "a\0b",
        "",
        " ",
        "*",
        "http://127.0.0.1/keys",
        "x" * 10_000,
        0,
        7,
        1.5,
        True,
        None,
        [],
        ["taskapp"],
        {},
        "taskapp ",
    ],
)
def test_strange_key_ids(target, login, kid):
    assert_refused(target, login.token(ALICE, header={"kid": kid}))


@pytest.mark.parametrize(
    "header",
    [
        {"crit": ["exp"]},
        {"crit": ["b64"], "b64": False},
        {"crit": []},
        {"crit": None},
        {"b64": False},
        {"typ": "better-auth.session-cache+jwt"},
        {"typ": "secevent+jwt"},
        {"typ": "JWS"},
        {"typ": "dpop+jwt"},
        {"typ": ""},
        {"typ": 7},
        {"typ": None},
        {"typ": ["JWT"]},
        {"cty": "JWT", "typ": "jose"},
    ],
)
def test_headers_that_ask_for_something_else(target, login, header):
    assert_refused(target, login.token(ALICE, header=header))


def test_nested_and_encrypted_tokens(target, login):
    key = login.keys[0]
    head = json.dumps({"alg": key.algorithm, "kid": key.kid, "cty": "JWT"})

    assert_refused(target, key.sign(head, login.token(ALICE)))
    assert_refused(target, key.sign(head, json.dumps(login.token(ALICE))))
    assert_refused(
        target, ".".join([base64url('{"alg":"dir","enc":"A128GCM"}'), "", "AA", "AA", "AA"])
    )
    assert_refused(target, json.dumps({"payload": "e30", "signatures": []}).replace(" ", ""))


def test_payloads_that_two_readers_would_read_differently(target, login):
    key = login.keys[0]
    head = json.dumps({"alg": key.algorithm, "kid": key.kid})
    claims = json.dumps(login.claims(ALICE))
    twice = claims.replace("{", json.dumps({"sub": BOB})[:-1] + ", ", 1)
    assert send(target, key.sign(head, claims))[0] == 200
    for payload in (
        twice,
        b"\xef\xbb\xbf" + claims.encode(),
        claims.encode("utf-16"),
        claims.encode("utf-16-le"),
        claims.encode("utf-32"),
        claims.encode() + b"\0",
        claims.replace(ALICE, "\\ud800").encode(),
        claims.encode().replace(ALICE.encode(), b"\xff\xfe"),
        f"[{claims}]",
        "null",
        "7",
        "",
        claims + claims,
        "{" * 5000,
    ):
        assert_refused(target, key.sign(head, payload))
    assert_refused(target, key.sign(head.replace("{", '{"alg": "none", ', 1), claims))
    assert_refused(target, key.sign(head.encode("utf-16"), claims))
    assert_refused(target, key.sign(b"\xef\xbb\xbf" + head.encode(), claims))


def test_base64_is_read_in_its_one_canonical_form(target, login):
    head, claims, signature = login.token(ALICE).split(".")
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    # 64 bytes leave four unused bits in the last letter of an Ed25519 signature.
    other = letters[letters.index(signature[-1]) ^ 1]
    for forged in (
        f"{head}.{claims}.{signature}=",
        f"{head}.{claims}.{signature}==",
        f"{head}=.{claims}.{signature}",
        f"{head}.{claims}==.{signature}",
        f"{head}.{claims}.{signature[:-1]}{other}",
        f"{head}.{claims}.{signature[:10]}\t{signature[10:]}",
        f"{head}.{claims}.{signature[:10]}!{signature[10:]}",
        f"{head}.{claims}.{signature[:10]}%{signature[10:]}",
        f"{head}.{claims}.{signature}A",
        f".{claims}.{signature}",
        f"{head}..{signature}",
        f"{head}.{claims}.{signature}.",
        f".{head}.{claims}.{signature}",
    ):
        assert_refused(target, forged)


NOW = int(time.time())
LATER = NOW + 86_400  # also for a test that comes last on a busy machine


@pytest.mark.parametrize(
    "claims",
    [
        {"exp": NOW - 60},
        {"exp": None},
        {"exp": str(LATER)},
        {"exp": "never"},
        {"exp": True},
        {"exp": [LATER]},
        {"exp": {}},
        {"exp": 10**400},
        {"exp": 2**63},
        {"exp": LATER * 1000},
        {"exp": float("nan")},
        {"exp": float("inf")},
        {"exp": -1},
        {"exp": 0},
        {"nbf": LATER},
        {"nbf": "0"},
        {"nbf": 10**20},
        {"iat": LATER},
        {"iat": "x"},
        {"iat": False},
        {"sub": None},
        {"sub": ""},
        {"sub": 7.0},
        {"sub": [ALICE]},
        {"sub": {"id": ALICE}},
        {"sub": True},
        {"sub": "x" * 256},
        {"sub": ALICE + "\0"},
        {"iss": None},
        {"iss": "https://evil.example"},
        {"iss": ""},
        {"iss": [1]},
        {"iss": "taskapp"},
        {"aud": None},
        {"aud": "https://evil.example"},
        {"aud": ""},
        {"aud": []},
        {"aud": [7]},
        {"aud": "*"},
        {"type": "refresh"},
    ],
    ids=lambda claims: "-".join(claims),
)
def test_senseless_and_foreign_claims(target, login, claims):
    assert_refused(target, login.token(ALICE, **claims))


def test_a_time_that_is_null(target, login):
    key = login.keys[0]
    head = json.dumps({"alg": key.algorithm, "kid": key.kid})
    for name in ("exp", "nbf", "iat", "sub", "iss", "aud"):
        assert_refused(target, key.sign(head, json.dumps({**login.claims(ALICE), name: None})))
    huge = json.dumps(login.claims(ALICE)).replace(str(NOW)[:4], "1e999", 1)
    assert_refused(target, key.sign(head, huge))


def test_access_and_refresh_tokens_are_no_substitutes(target, login):
    credentials = json.dumps({"email": new_email(), "password": PASSWORD})
    status, tokens = send(target, path="/api/auth/register", method="POST", body=credentials)
    assert status == 201
    tasks = f"/api/{tokens['user']['id']}/tasks"
    assert send(target, str(tokens["access_token"]), path=tasks)[0] == 200

    assert_refused(target, str(tokens["refresh_token"]), path=tasks)
    for token in (str(tokens["access_token"]), login.token(ALICE)):
        body = json.dumps({"refresh_token": token[:200]})
        assert_refused(target, path="/api/auth/refresh", method="POST", body=body)


def test_tokens_anywhere_but_in_the_header_are_not_seen(target, login):
    token = login.token(ALICE)
    tasks = f"/api/{ALICE}/tasks"
    for name in ("token", "jwt", "access_token"):
        assert_refused(target, path=f"{tasks}?{name}={token}")
        body = json.dumps({name: token, "title": "t"})
        assert_refused(target, path=tasks, method="POST", body=body)


def test_two_authorization_headers_are_one_too_many(target, login):
    token = login.token(ALICE)

    assert_refused(target, token, token)
    assert_refused(target, token, login.token(BOB))
    assert_refused(target, "x", token)
    assert_refused(target, f"{token},{token}")
    assert_refused(target, f"{token}, Bearer {token}")
    assert_refused(target, f"{token} {token}")


def test_long_tokens(target, login):
    head, claims, _ = login.token(ALICE).split(".")
    for size, status in ((20_000, 401), (100_000, 431)):
        for token in (
            "a" * size,
            f"{head}.{claims}.{'A' * size}",
            login.token(ALICE, x="y" * size),
        ):
            assert_refused(target, token, status=status)


@pytest.mark.parametrize("byte", [*range(1, 10), 11, 12, *range(14, 33), *range(127, 256)])
def test_every_strange_byte_in_a_token(target, login, byte):
    status, _ = send(target, b"a" + bytes([byte]) + b".b.c")

    assert status in (400, 401)


@pytest.mark.parametrize(
    "trick",
    [
        "{}%2F",
        "%2F{}",
        "{}%2f..%2f" + BOB,
        BOB + "%2F..%2F{}",
        "{}/../" + BOB,
        "./{}",
        "{}/.",
        "{}//",
        "/{}",
        "{}%252F",
        "%25{}",
        "{}%2e",
        "{}.",
        "{}%20",
        "%20{}",
        "{}%09",
        "{}%0a",
        "{}%0d",
        "{}%00",
        "%00{}",
        "{}%C0%80",
        "{}%EF%BC%8E",
        "{}%E2%80%8B",
        "{}%CC%81",
        "%EF%BB%BF{}",
        "{}%u002f",
        "{}%",
        "{}%2",
        "{}+",
        "{}%3B",
        "{};a=b",
        "{}%3Fa",
        "{}%23",
        "{}\\",
        "{}%5C",
        "{},",
        "{}%2C" + BOB,
        "*",
        "%2A",
        "me",
        ".",
    ],
)
def test_path_tricks_with_the_user_id(target, login, trick):
    path = f"/api/{trick.format(ALICE)}/tasks"

    assert_refused(target, login.token(ALICE), path=path, status=403)
    assert_refused(target, path=path, status=401)


def test_look_alikes_of_a_user_id(target, login):
    token = login.token("josé-K")
    assert send(target, token, path=f"/api/{quote('josé-K')}/tasks")[0] == 200
    for other in ("jose-K", "jose\u0301-K", "josé-k", "josé-\u212a", "jos\u00e9-\uff2b", "JOSÉ-K"):
        assert_refused(target, token, path=f"/api/{quote(other)}/tasks", status=403)
    assert_refused(
        target, token, path=f"/api/{quote('josé-K', encoding='latin-1')}/tasks", status=403
    )


def test_nothing_of_this_was_logged(target, login):
    log = target.log.read_text()

    assert "Traceback" not in log
    assert login.token(ALICE).split(".")[0] not in log
    assert hashlib.sha256(target.secret.encode()).hexdigest() not in log
    assert target.secret not in log


def test_thousands_of_unknown_keys_cost_few_fetches_and_hold_up_nobody(target, login):
    honest = target.session(ALICE)
    path = f"/api/{ALICE}/tasks"
    honest.headers["Authorization"] = f"Bearer {login.token(ALICE)}"
    forged = login.token(ALICE).split(".", 1)[1]

    def flood(count: int) -> set[int]:
        statuses = set()
        connection = http.client.HTTPConnection("127.0.0.1", target.port, timeout=PATIENCE)
        with contextlib.closing(connection):
            for _ in range(count):
                head = json.dumps({"alg": "EdDSA", "kid": secrets.token_hex(8)})
                token = {"Authorization": f"Bearer {base64url(head)}.{forged}"}
                connection.request("GET", path, headers=token)
                answer = connection.getresponse()
                answer.read()
                statuses.add(answer.status)
        return statuses

    fetches, started, times = login.fetches, time.monotonic(), []
    with ThreadPoolExecutor(4) as pool:
        floods = [pool.submit(flood, some(2500)) for _ in range(4)]
        while not all(flood.done() for flood in floods):
            before = time.monotonic()
            assert honest.get(target.url + path, timeout=PATIENCE).status_code == 200
            times.append(time.monotonic() - before)
    seconds = time.monotonic() - started

    assert set().union(*(flood.result() for flood in floods)) == {401}
    # One a second at most for each of the two processes.
    assert login.fetches - fetches <= 2 * (seconds + 2)
    # Whoever waited for a fetch would wait for a second, again and again.
    assert statistics.quantiles(times, n=100)[-1] < 1
