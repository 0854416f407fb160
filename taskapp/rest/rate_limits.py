"""How often somebody may ask: each user, and each address without a valid token.

They are counted in Redis or in this process: without `REDIS_URL`, and while Redis is away, each
process counts for itself. Redis is asked by `limits`, which Flask-Limiter is made of; that one
would count before the guard knows whose request it is.
"""

import logging
import math
import time
from dataclasses import dataclass
from functools import cached_property
from typing import Any, cast

import limits
from cachetools import TLRUCache
from flask import Flask, Response, current_app, g, request
from limits.storage import RedisStorage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from taskapp import clients, config, cooperation, current, problems
from taskapp.auth import guard
from taskapp.telemetry import audit, metrics

READS = ("GET", "HEAD")
WAIT = 0.25  # seconds for Redis
PAUSE = 5.0  # seconds in which a Redis that failed is not asked again
UNTRUSTED_PROXY = (
    "X-Forwarded-For arrives, and TRUSTED_PROXIES is 0: if a proxy is in front, all who come"
    " through it share the limits of one address. Set TRUSTED_PROXIES to how many there are."
)
REMEMBERED = 50_000  # windows for each process, about 20 MB; beyond, the longest unused go

logger = logging.getLogger("taskapp")


class Counters:
    """Counts requests under a key; in Redis for all processes, where there is one."""

    def __init__(self, redis: str, **texts: str) -> None:
        self.limits = {
            name: None if text == "off" else limits.parse(text) for name, text in texts.items()
        }
        self._own = _Windows()
        self._redis = redis
        self._not_before = 0.0

    @cached_property
    def _shared(self) -> FixedWindowRateLimiter:
        # Not before it is asked: the client of a Redis cluster connects when it is made.
        return FixedWindowRateLimiter(shared(self._redis, WAIT))

    def hit(self, limit: limits.RateLimitItem, *key: str, cost: int = 1) -> int | None:
        """Count a request as so many; None if that is within the limit, else how long it isn't.

        That is in seconds.
        """
        if self._redis and time.monotonic() >= self._not_before:
            try:
                return _hit(self._shared, limit, key, cost)
            except Exception as error:  # noqa: BLE001 - redis' own, the socket's, a script's
                self._not_before = time.monotonic() + PAUSE
                metrics.rate_limit_failures.inc()
                logger.warning("Redis can't count requests: %s", type(error).__name__)
        return self._own.hit(limit, key, cost)


@dataclass(slots=True)
class _Window:
    end: float
    count: int = 0


class _Windows:
    """Counts in this process, in windows that begin with the first request under a key.

    The memory storage of `limits` looks through all its keys every 10 ms: with 50,000 users that is
    a third of a processor.
    """

    def __init__(self) -> None:
        self._windows: TLRUCache[tuple[str, ...], _Window] = TLRUCache(
            REMEMBERED, ttu=lambda key, window, now: window.end, timer=time.monotonic
        )
        self._lock = cooperation.Lock()

    def hit(self, limit: limits.RateLimitItem, key: tuple[str, ...], cost: int) -> int | None:
        now = time.monotonic()
        with self._lock:
            window = self._windows.get(key)
            if window is None:
                window = self._windows[key] = _Window(now + limit.get_expiry())
            window.count += cost
            exceeded = window.count > limit.amount
        return max(1, math.ceil(window.end - now)) if exceeded else None


def init_app(app: Flask) -> None:
    settings = config.of(app)
    app.extensions["taskapp.counters"] = Counters(
        settings.redis,
        address=settings.rate_limit_address,
        reads=settings.rate_limit_reads,
        writes=settings.rate_limit_writes,
    )
    guard.count_requests(app, count_user)
    app.after_request(_count_refused)


def count_more(writes: int) -> None:
    """Count so many more writes of a request that was let pass: the next ones wait for them."""
    counters = _counters()
    limit = counters.limits["writes"]
    if limit is not None and writes:
        counters.hit(limit, "writes", g.user_id, cost=writes)


def count_address() -> None:
    """Count a request that needs no token; raises `TooManyRequests`."""
    if request.method != "OPTIONS" and "address_counted" not in g:
        g.address_counted = True
        _look_for_a_proxy()
        _count("address", clients.network(request.remote_addr))


def count_user() -> None:
    """Count a request of the user whose token it has; raises `TooManyRequests`."""
    name = "reads" if current.request().method in READS else "writes"
    _count(name, current.notes().user_id)


def _look_for_a_proxy() -> None:
    """Warn, once in each process, that all who come through a proxy count as one address."""
    known = current_app.extensions
    if "X-Forwarded-For" not in request.headers or known.get("taskapp.proxy_seen"):
        return
    known["taskapp.proxy_seen"] = True
    if not config.of(current_app).trusted_proxies:
        logger.warning(UNTRUSTED_PROXY)


def _count_refused(response: Response) -> Response:
    # Whoever has a valid token is known: many may share an address, that of a frontend's server.
    if response.status_code == 401 and "user_id" not in g:
        try:
            count_address()
        except problems.TooManyRequests as problem:
            return problems.write(problem)
    return response


def _count(name: str, key: str) -> None:
    counters = _counters()
    limit = counters.limits[name]
    if limit is None:
        return
    seconds = counters.hit(limit, name, key)
    if seconds is not None:
        metrics.rate_limit_hits.labels(name).inc()
        audit.event("rate_limit.exceeded", limit=name)
        problem = problems.TooManyRequests(
            "Too many requests. Please try again later.", retry_after=seconds
        )
        problem.headers |= headers(name, limit, seconds)
        raise problem


def _counters() -> Counters:
    return cast(Counters, current.app().extensions["taskapp.counters"])


def headers(name: str, limit: limits.RateLimitItem, seconds: int) -> dict[str, str]:
    """Return the fields of draft-ietf-httpapi-ratelimit-headers-10 for a limit that is used up."""
    policy = f'"{name}";q={limit.amount};w={limit.get_expiry()}'
    return {"RateLimit-Policy": policy, "RateLimit": f'"{name}";r=0;t={seconds}'}


def _hit(
    counter: FixedWindowRateLimiter, limit: limits.RateLimitItem, key: tuple[str, ...], cost: int
) -> int | None:
    if counter.hit(limit, *key, cost=cost):
        return None
    return max(1, math.ceil(counter.get_window_stats(limit, *key).reset_time - time.time()))


def shared(url: str, seconds: float) -> RedisStorage:
    """Return the Redis at a URL, which has so long to answer; raises redis' errors."""
    options: dict[str, Any] = {"socket_timeout": seconds, "socket_connect_timeout": seconds}
    return cast(RedisStorage, storage_from_string(url, **options))
