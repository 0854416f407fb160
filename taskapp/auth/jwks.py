"""The keys that an outside login publishes (JWKS, RFC 7517): fetched, cached, kept current.

Knows no claim rules. One fetch runs at a time, in a thread of its own, and whoever needs its
result waits for it. Each process keeps its own keys.
"""

import json
import logging
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Event, Lock, Thread
from typing import Any

import jwt
import urllib3
from urllib3.util import make_headers

from taskapp import urls
from taskapp.auth.tokens import Key, Refused
from taskapp.telemetry import metrics

TIMEOUT = 3.0  # seconds for one fetch
LARGEST = 512 * 1024  # bytes of a key set
MOST_KEYS = 100
SMALLEST_RSA = 2048  # bits: RFC 7518, section 3.3
PAUSE = 0.1  # seconds between two fetches
PAUSE_AFTER_VAIN = 1.0  # seconds after one for an unknown key that did not bring it
PAUSE_AFTER_FAILURE = 5.0  # seconds after one that failed
REFRESH_AT = 0.8  # of the greatest age: then the keys are fetched again in the background
KINDS = {"Ed": "OKP", "ES": "EC", "RS": "RSA", "PS": "RSA"}  # `kty` by an algorithm's beginning
CURVES = {"EdDSA": "Ed25519", "ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
PUBLIC_MEMBERS = {"kty", "crv", "x", "y", "n", "e"}
ADDRESS = re.compile(r"(https?://[A-Za-z0-9.:\[\]-]+)?/[A-Za-z0-9._~/-]{0,200}")  # without a query

logger = logging.getLogger("taskapp")


class Unreachable(Exception):
    """The login's keys can't be fetched, and there are none that may still be used."""


class Unfit(ValueError):
    """An answer that is no key set; the text says why, and repeats nothing but an address."""


@dataclass(frozen=True)
class _Published:
    jwk: dict[str, Any]
    key: Key


class _Fetch:
    """One fetch: when it began, when it is done, and for which unknown keys."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.done = Event()
        self.wanted: set[Any] = set()


class Jwks:
    """The key set at `url`, a `KeySource`.

    A key that is gone from the set is refused after `max_age` seconds, or after `max_stale`
    seconds more while the login can't be reached.
    """

    def __init__(
        self,
        url: str,
        *,
        algorithms: list[str],
        issuers: list[str],
        audiences: list[str],
        max_age: float,
        max_stale: float,
    ) -> None:
        self.url = url
        self.algorithms = algorithms
        self.issuers = issuers
        self.audiences = audiences
        self.max_age = max_age
        self.max_stale = max_stale
        self._http = _pool(url)
        self._lock = Lock()
        self._published: dict[str | None, _Published] = {}
        self._fetched: float | None = None  # when the keys at hand were asked for
        self._running: _Fetch | None = None
        self._not_before = 0.0  # no fetch starts earlier
        self._failed = False
        self._vain = False
        self.trouble = ""  # why the last fetch failed

    def key_for(self, header: Mapping[str, Any]) -> Key:
        """Return the key that the token's `kid` names; raises `Refused` or `Unreachable`.

        A token without `kid` is checked with the key of a set that has only one.
        """
        kid = header.get("kid")
        self._keep_current()
        key = self._find(kid) or self._find_anew(kid)
        if key is not None:
            return key
        # As long as the login does not answer, nobody can tell whether the key is its own.
        if self._failed or not self.usable:
            raise Unreachable
        if kid is None:
            raise Refused("The token does not say which of the login's keys it is signed with.")
        raise Refused("The token's key ('kid') is not one that the login publishes.")

    @property
    def usable(self) -> bool:
        """Whether there are keys that may be used."""
        return self.age <= self.max_age + self.max_stale

    @property
    def age(self) -> float:
        """Seconds since the keys at hand were asked for; infinite without any."""
        return float("inf") if self._fetched is None else time.monotonic() - self._fetched

    @property
    def keys(self) -> Mapping[str | None, Key]:
        """The keys at hand, by their id."""
        return {kid: published.key for kid, published in self._published.items()}

    def load(self) -> bool:
        """Fetch the keys if there are none that may be used; tell whether there are now."""
        if not self.usable and (fetch := self._fetch()):
            fetch.done.wait(TIMEOUT)
        return self.usable

    def _find(self, kid: Any) -> Key | None:
        if not self.usable:
            return None
        published = self._published
        if kid is None and len(published) == 1:
            (only,) = published.values()
            return only.key
        found = published.get(kid)
        return found.key if found else None

    def _keep_current(self) -> None:
        age = self.age
        if age <= self.max_age * REFRESH_AT:
            return
        fetch = self._fetch()
        # A login that has just failed to answer is not waited for again.
        if fetch and age > self.max_age and not (self._failed and self.usable):
            fetch.done.wait(TIMEOUT)

    def _find_anew(self, kid: Any) -> Key | None:
        """Look for an unknown key in a set that is fetched after it was asked for."""
        asked = time.monotonic()
        while not (self._failed and self.usable):
            fetch = self._fetch(kid) or self._fetch_next(kid)
            if fetch is None:
                return self._find(kid)  # it may have come in the meantime
            fetch.done.wait(TIMEOUT)
            key = self._find(kid)
            if key or fetch.started >= asked or not fetch.done.is_set():
                return key
        self._fetch()
        return None

    def _fetch_next(self, kid: Any) -> _Fetch | None:
        # A login may publish a key at the instant it first signs with it, just after the last
        # fetch: then the short pause is waited out. After a vain fetch the token is more likely
        # one of many with keys that don't exist, and nobody should be held up by those.
        if self._failed or self._vain:
            return None
        time.sleep(max(0.0, self._not_before - time.monotonic()))
        return None if self._find(kid) else self._fetch(kid)

    def _fetch(self, *wanted: Any) -> _Fetch | None:
        """Return the fetch that is under way, or a new one; None if it is too soon for one."""
        with self._lock:
            if self._running is None and time.monotonic() >= self._not_before:
                self._running = _Fetch()
                Thread(target=self._run, args=(self._running,), daemon=True).start()
            if self._running:
                self._running.wanted.update(wanted)
            return self._running

    def _run(self, fetch: _Fetch) -> None:
        published = None
        try:
            published = self._parse(self._download())
        except (urllib3.exceptions.HTTPError, OSError, ValueError, RecursionError) as error:
            # Only its kind: an answer from somebody else's server does not belong in our log.
            self.trouble = str(error) if isinstance(error, Unfit) else type(error).__name__
            logger.warning("the login's keys can't be fetched: %s", self.trouble)
        finally:
            self._end(fetch, published)

    def _end(self, fetch: _Fetch, published: dict[str | None, _Published] | None) -> None:
        with self._lock:
            self._running = None
            self._failed = published is None
            pause = PAUSE_AFTER_FAILURE
            if published is not None:
                new = published.keys() - self._published.keys()
                self._vain = bool(fetch.wanted) and not new and not fetch.wanted & published.keys()
                pause = PAUSE_AFTER_VAIN if self._vain else PAUSE
                # A key that has not changed stays the same object: tokens verified with it
                # need not be verified again.
                for kid, before in self._published.items():
                    if kid in published and published[kid].jwk == before.jwk:
                        published[kid] = before
                self._published = published
                self._fetched = fetch.started
                metrics.keys_fetched().set_to_current_time()
            else:
                metrics.key_fetch_failures.inc()
            self._not_before = time.monotonic() + pause
        fetch.done.set()

    def _download(self) -> bytes:
        deadline = time.monotonic() + TIMEOUT
        response = self._http.request(
            "GET",
            self.url,
            headers={"Accept": "application/json"},
            redirect=False,
            preload_content=False,
        )
        try:
            if response.status != 200:
                raise Unfit(_why_not_ok(response.status, response.headers.get("Location", "")))
            body = b""
            for part in response.stream(16384, decode_content=True):
                body += part
                if len(body) > LARGEST or time.monotonic() > deadline:
                    raise Unfit("the key set is too large or too slow")
            return body
        finally:
            response.close()

    def _parse(self, body: bytes) -> dict[str | None, _Published]:
        document = json.loads(body)
        if not isinstance(document, dict) or not isinstance(document.get("keys"), list):
            raise Unfit("the answer is not a key set")
        published: dict[str | None, _Published] = {}
        for jwk in document["keys"][:MOST_KEYS]:
            key = self._key(jwk) if isinstance(jwk, dict) else None
            if key and isinstance(jwk.get("kid"), str | None):
                published.setdefault(jwk.get("kid"), _Published(jwk, key))
        if not published:
            raise Unfit("there is no key in it that can be used")
        return published

    def _key(self, jwk: dict[str, Any]) -> Key | None:
        """Return the key, bound to its algorithm; None if it is not one to verify tokens with."""
        if jwk.get("use", "sig") != "sig" or "verify" not in (jwk.get("key_ops") or ["verify"]):
            return None
        algorithm = self._algorithm(jwk)
        if algorithm is None:
            return None
        public = {name: value for name, value in jwk.items() if name in PUBLIC_MEMBERS}
        try:
            material = jwt.PyJWK(public, algorithm).key
        except (jwt.PyJWTError, ValueError, TypeError):
            return None
        if jwk["kty"] == "RSA" and material.key_size < SMALLEST_RSA:
            return None
        return Key(algorithm, material, self.issuers, self.audiences)

    def _algorithm(self, jwk: dict[str, Any]) -> str | None:
        # RFC 9864 gives EdDSA with Ed25519 a name of its own.
        said = "EdDSA" if jwk.get("alg") == "Ed25519" else jwk.get("alg")
        for algorithm in self.algorithms:
            kind = KINDS[algorithm[:2]]
            fits = jwk.get("kty") == kind and jwk.get("crv") == CURVES.get(algorithm)
            if fits and said in (None, algorithm):
                return algorithm
        return None


def _why_not_ok(status: int, location: str) -> str:
    # Whoever can change where a redirect leads could sign any token, so it is not followed.
    if not 300 <= status < 400:
        return f"the status is {status}, not 200"
    if not ADDRESS.fullmatch(location):
        return f"it is a redirect ({status}), which is not followed"
    return f"it is a redirect ({status}) to {location}, which is not followed: set that address"


def _pool(url: str) -> urllib3.PoolManager:
    common: Any = {"num_pools": 1, "retries": False, "timeout": TIMEOUT}
    if proxy := urls.proxy_for(url):
        headers = make_headers(proxy_basic_auth=proxy.credentials)
        return urllib3.ProxyManager(proxy.url, proxy_headers=headers, **common)
    return urllib3.PoolManager(**common)
