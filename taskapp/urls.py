"""URLs of the database and of proxies as people write them: read, checked, and shown."""

import re
from dataclasses import dataclass
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib import request
from urllib.parse import SplitResult, unquote, urlsplit

from psycopg import pq
from psycopg.conninfo import make_conninfo
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

POSTGRESQL = "postgresql+psycopg"
# libpq's way to write several hosts; SQLAlchemy's is `?host=a:1&host=b:2`.
SEVERAL = re.compile(r"(?P<before>postgres[^/]*://(?:.*@)?)(?P<hosts>[^/?@]*,[^/?@]*)(?P<after>.*)")
ENCODED = "A user name or password with @ : / ? # or % needs them percent-encoded."
NUMBERS = {
    "connect_timeout",
    "keepalives",
    "keepalives_count",
    "keepalives_idle",
    "keepalives_interval",
    "tcp_user_timeout",
}
# What other libraries read from the URL, and how it is said here.
FOREIGN = {
    "pgbouncer": " (instead: PREPARED_STATEMENTS=false)",
    "schema": " (instead: options=-csearch_path%3Dthe_schema)",
    "connection_limit": " (instead: DATABASE_POOL_SIZE)",
    "pool_timeout": " (instead: DATABASE_TIMEOUT)",
}


def database(value: str) -> URL:
    """Return the URL of a database, with the driver that this service uses.

    Raises ValueError with a reason that repeats no password.
    """
    url = _parsed(value)
    if url.drivername in ("postgres", "postgresql", POSTGRESQL):
        return _of_postgresql(url.set(drivername=POSTGRESQL))
    if url.drivername != "sqlite":
        raise ValueError("must begin with postgresql:// or sqlite:///")
    if url.database in (None, "", ":memory:"):
        raise ValueError("SQLite needs a file, such as sqlite:////data/tasks.db")
    return url


def arguments(url: URL) -> dict[str, Any]:
    """Return libpq's parameters for a URL of PostgreSQL, whose names are those of `connect`."""
    _, found = PGDialect_psycopg().create_connect_args(url)  # type: ignore[no-untyped-call]
    return dict(found)


def shown(url: URL) -> str:
    """Return the URL without what is secret in it."""
    secret = [name for name in url.query if name in _parameters() and _parameters()[name]]
    return url.difference_update_query(secret).render_as_string(hide_password=True)


def _parsed(value: str) -> URL:
    if several := SEVERAL.fullmatch(value):
        before, hosts, after = several.groups()
        query = "&".join(f"host={host}" for host in hosts.split(","))
        path, mark, rest = after.partition("?")
        value = f"{before}{path}?{query}{'&' if mark else ''}{rest}"
    try:
        return make_url(value)
    except ArgumentError:
        raise ValueError("is not a database URL") from None
    except ValueError:  # it repeats the port, or a password in its place
        raise ValueError(f"has a port that is no number. {ENCODED}") from None


def _of_postgresql(url: URL) -> URL:
    if twice := [name for name, value in url.query.items() if _is_list(name, value)]:
        raise ValueError(f"{' and '.join(sorted(twice))} may stand in it only once")
    if unknown := sorted(set(url.query) - set(_parameters())):
        names = " and ".join(f"{name}{FOREIGN.get(name, '')}" for name in unknown)
        raise ValueError(f"PostgreSQL has no parameter {names}")
    if password := url.query.get("password"):  # SQLAlchemy hides only the one before the host
        url = url.set(password=str(password)).difference_update_query(["password"])
    if "@" in (url.host or ""):
        raise ValueError(f"has two @. {ENCODED}")
    if str(url.query.get("client_encoding", "utf8")).lower().replace("-", "") != "utf8":
        raise ValueError("client_encoding must be UTF8, or be left out")
    if "%" in (url.host or ""):  # a folder with the server's socket
        url = url.set(host=unquote(str(url.host)))
    if reason := _refusal_of_libpq(url):
        raise ValueError(reason)
    return url


def _is_list(name: str, value: Any) -> bool:
    return not isinstance(value, str) and name not in ("host", "port")


def _refusal_of_libpq(url: URL) -> str:
    """Return what is wrong with the parameters, as libpq says it; empty where nothing is.

    It looks at them before it connects; here to a folder that does not exist.
    """
    parameters = {**arguments(url), "host": "/nonexistent", "password": None, "hostaddr": None}
    for name in NUMBERS & set(parameters):
        if not re.fullmatch("-?[0-9]+", str(parameters[name])):
            return f"{name} must be a whole number"
    ports = str(parameters.pop("port", "")).split(",")
    for port in ports:
        given = make_conninfo("", **parameters, port=port or None)
        connection = pq.PGconn.connect_start(given.encode())
        text = connection.get_error_message()
        connection.finish()
        if "/nonexistent" not in text:
            return text.strip().partition("\n")[0]
    return ""


@cache
def _parameters() -> dict[str, bool]:
    """Return the names of libpq's parameters, each with whether it is secret."""
    return {
        each.keyword.decode(): bool(each.dispchar) and each.keyword != b"replication"
        for each in pq.Conninfo.get_defaults()
    }


# Of the standard library, and missing in its types.
_bypasses: Any = request.proxy_bypass_environment  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Proxy:
    """Where to ask instead of the server itself, and as whom (`user:password`)."""

    url: str
    credentials: str | None


def proxy_for(url: str) -> Proxy | None:
    """Return the proxy that `HTTPS_PROXY` or `HTTP_PROXY` names for a URL, but for `NO_PROXY`.

    This machine itself is asked directly. Raises ValueError if it can't be a proxy's URL.
    """
    parts = urlsplit(url)
    named = request.getproxies_environment().get(parts.scheme)
    if not named or is_loopback(parts.hostname or "") or _bypasses(parts.netloc):
        return None
    given = urlsplit(named if "://" in named else f"http://{named}")
    if given.scheme not in ("http", "https") or not given.hostname:
        raise ValueError("is not like http://proxy:3128")
    return Proxy(origin(given), _credentials(given))


def origin(parts: SplitResult) -> str:
    """Return scheme, host and port, without the port that is usual."""
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port in (None, {"http": 80, "https": 443}[parts.scheme])
    return f"{parts.scheme}://{host}" + ("" if usual else f":{parts.port}")


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine itself."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _credentials(given: SplitResult) -> str | None:
    if given.username is None:
        return None
    return f"{unquote(given.username)}:{unquote(given.password or '')}"
