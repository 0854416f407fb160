"""Every setting of the service: its type, default, check and help, read once at start."""

import dataclasses
import os
import re
import secrets
import shutil
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn, cast
from urllib.parse import urlsplit

import idna
import limits
import limits.errors
import marshmallow as ma
from flask import Flask
from marshmallow import validate
from marshmallow.fields import Boolean, Integer, String
from sqlalchemy.engine import URL

from taskapp import urls, variables

HERE = Path(__file__).resolve().parent
# Installed as a package, all that belongs to the service lies in its folder, and what is written
# or read beside it (`.env`, `instance/`) is where the command is given. In a checkout both are one.
INSTALLED = (HERE / "migrations").exists()
SOURCES = HERE if INSTALLED else HERE.parent
ROOT = Path.cwd() if INSTALLED else HERE.parent
SHORTEST_SECRET = 32  # bytes: RFC 7518, section 3.2, for HS256
# Where verifying needs only what is public (RFC 7518, RFC 8037): never HS256.
ASYMMETRIC = (
    "EdDSA",
    "ES256",
    "ES384",
    "ES512",
    "PS256",
    "PS384",
    "PS512",
    "RS256",
    "RS384",
    "RS512",
)
DEFAULT_PORTS = {"http": 80, "https": 443}
HOST = re.compile(r"\[[0-9a-f:.]+\]|[a-z0-9._-]+")
APP = re.compile(r"[A-Za-z0-9._-]+(:[0-9]+)?")  # what stands there in origins of apps
COMMAND = "taskapp"  # of the image
COUNTER = re.compile(r"memory|rediss?|valkeys?|(redis|valkey)\+(unix|sentinel|cluster)")
ALIAS = re.compile("[A-Za-z_][A-Za-z0-9_]{0,49}")


class BadSetting(Exception):
    """A setting that is missing or makes no sense; the text is one line and names it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


@dataclass(frozen=True, kw_only=True)
class About:
    """What is declared about a setting beside its name, its type and its default."""

    parse: ma.fields.Field[Any]  # and checks
    help: str  # one sentence
    secret: bool  # shown by no `repr`, and repeated by no refusal
    example: str  # for .env.example, where the default is empty
    aliases: tuple[str, ...]  # of the variable, read where its own name is not set


def setting(
    default: Any,
    parse: ma.fields.Field[Any],
    help: str,
    *,
    secret: bool = False,
    example: str = "",
    aliases: tuple[str, ...] = (),
) -> Any:
    """Declare a setting: a field of one of the groups below."""
    more = About(parse=parse, help=help, secret=secret, example=example, aliases=aliases)
    return dataclasses.field(default=default, repr=not secret, metadata={"about": more})


def about(declared: dataclasses.Field[Any]) -> About:
    """Return what is declared about a setting."""
    return cast(About, declared.metadata["about"])


def text(
    default: str, help: str, *, check: Callable[[str], object] | None = None, **more: Any
) -> Any:
    return setting(default, String(validate=check), help, **more)


def switch(default: bool, help: str) -> Any:
    return setting(default, Boolean(), help)


def whole_number(default: int, least: int, most: int, help: str, **more: Any) -> Any:
    return setting(default, Integer(validate=validate.Range(least, most)), help, **more)


def one_of(default: str, *choices: str, help: str) -> Any:
    return setting(default, _Choice(validate=validate.OneOf(choices)), help)


class _Choice(String):
    """One of several words, in capital or small letters."""

    def _deserialize(self, value: Any, *arguments: Any, **more: Any) -> Any:
        (choices,) = (check.choices for check in self.validators)  # type: ignore[attr-defined]
        word = super()._deserialize(value, *arguments, **more)
        return next((choice for choice in choices if choice.lower() == word.lower()), word)


def _is_role(value: str) -> None:
    if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", value):
        raise ma.ValidationError('Must be a name in small letters, or "none".')


def _is_limit(value: str) -> None:
    try:
        limits.parse("1/second" if value == "off" else value)
    except ValueError:
        raise ma.ValidationError('Must be such as "300/minute", or "off".') from None


def _is_counter(value: str) -> None:
    # What `limits`, redis and urllib say about a bad one repeats it, or a part of its password.
    try:
        known = COUNTER.fullmatch(urlsplit(value).scheme)
        if known and not value.startswith("memory:"):
            _redis_takes(_of_redis(value))
    except (ValueError, TypeError, limits.errors.ConfigurationError):
        known = None
    if not known:
        raise ma.ValidationError("Must be like redis://:password@localhost:6379/0.")


def _of_redis(url: str) -> str:
    """Return the URL as redis' own client reads it, which speaks with Valkey as well."""
    return re.sub("^valkey", "redis", url)


def _redis_takes(url: str) -> None:
    # They take megabytes, and are loaded only where there is one. Nothing connects yet.
    from limits.storage import storage_from_string
    from redis import Redis

    parts = urlsplit(url)
    if parts.scheme == "redis+cluster":  # its client connects when it is made
        url = f"redis+sentinel://{parts.netloc}/any"  # whose hosts are written alike
    if "+" in parts.scheme:
        storage_from_string(url)
    else:
        parts.port  # noqa: B018 - raises where the port makes no sense
        Redis.from_url(url).connection_pool.make_connection()


def _is_of_a_login(value: str) -> None:
    try:
        parts = urlsplit(value)
        sane = parts.hostname and not (parts.query or parts.fragment)
        parts.port  # noqa: B018 - raises where the port makes no sense
    except ValueError:
        sane = False
    if not sane or parts.scheme not in ("http", "https"):
        raise ma.ValidationError("is not like https://login.example.com")
    if parts.username or parts.password:
        raise ma.ValidationError("must not contain a user name or a password")


def _is_a_page(value: str) -> None:
    try:
        parts = urlsplit(value)
        sane = parts.hostname and parts.scheme in ("http", "https") and not parts.password
    except ValueError:
        sane = False
    if not sane:
        raise ma.ValidationError("is not like https://login.example.com/sign-in")


def _is_open(url: str) -> bool:
    """Tell whether the answer from there can be changed on its way here."""
    parts = urlsplit(url)
    return parts.scheme == "http" and not urls.is_loopback(parts.hostname or "")


def _is_a_collector(value: str) -> None:
    try:
        parts = urlsplit(value)
        parts.port  # noqa: B018 - raises where the port makes no sense
        sane = parts.scheme in ("http", "https") and parts.hostname
    except ValueError:
        sane = False
    if not sane:
        raise ma.ValidationError("is not like http://collector:4318")


def _is_of_sentry(value: str) -> None:
    # Loaded only where there is one.
    from sentry_sdk.utils import BadDsn, Dsn

    try:
        Dsn(value)
    except BadDsn:
        raise ma.ValidationError("is not like https://key@sentry.example.com/1") from None


def _are_asymmetric(value: str) -> None:
    names = listed(value)
    if not names or not set(names) <= set(ASYMMETRIC):
        raise ma.ValidationError(f"must be some of {', '.join(ASYMMETRIC)}")


def _are_origins(value: str) -> None:
    for origin in listed(value):
        # A wildcard together with credentials would let any site act for a signed-in user.
        if origin == "*":
            raise ma.ValidationError("* is not allowed; list the frontends' origins")
        _origin(origin)


def _origin(text: str) -> str:
    """Return an origin as browsers send it (RFC 6454, section 6.1; WHATWG URL, host parsing).

    Those of apps have schemes of their own, such as capacitor://localhost. Raises
    `marshmallow.ValidationError`.
    """
    shown = re.sub("//.*@", "//…@", text)  # without a password
    unlike = ma.ValidationError(f"{shown!r} is not like https://app.example.com")
    try:
        parts = urlsplit(text)
        port, host = parts.port, parts.hostname or ""
        written = f"{parts.scheme}://{parts.netloc}"
        # The scheme comes out in small letters.
        if not host or "@" in parts.netloc or text.partition(":")[2] != written.partition(":")[2]:
            raise unlike
        if parts.scheme in ("file", "data", "blob", "javascript"):
            raise ma.ValidationError(f"{text!r}: its pages have the origin null, as anybody may")
        if parts.scheme not in DEFAULT_PORTS:
            return written if APP.fullmatch(parts.netloc) else _refuse_pattern(text)
        host = _host(host)
    except ValueError:
        raise unlike from None
    if not HOST.fullmatch(host):
        _refuse_pattern(text)
    named = "" if port in (None, DEFAULT_PORTS[parts.scheme]) else f":{port}"
    return f"{parts.scheme}://{host}{named}"


def _host(host: str) -> str:
    """Return a host as browsers write it: an IPv6 address in brackets, an IDN in Punycode."""
    if ":" in host:
        return f"[{ip_address(host).compressed}]"
    return host if host.isascii() else idna.encode(host, uts46=True).decode()


def _refuse_pattern(origin: str) -> NoReturn:
    raise ma.ValidationError(f"{origin!r} must name one host, without patterns")


def _are_aliases(value: str) -> None:
    aliases = [_alias(each) for each in listed(value)]
    if not all(ALIAS.fullmatch(name) and field for name, field in aliases):
        raise ma.ValidationError("must be such as is_completed:completed,_id:id")
    if len({name for name, _ in aliases}) < len(aliases):
        raise ma.ValidationError("a name stands twice")


def _alias(text: str) -> tuple[str, str]:
    name, _, field = text.partition(":")
    return name.strip(), field.strip()


def _database_url(value: str) -> URL:
    # Flask-SQLAlchemy looks for a relative file in the instance folder, and makes the folder.
    try:
        return urls.database(value or "sqlite:///tasks.db")
    except ValueError as error:
        raise ma.ValidationError(str(error)) from None


@dataclass(frozen=True, kw_only=True)
class DatabaseSettings:
    """The database"""

    database_url: str = text(
        "",
        "Where tasks are stored, such as `postgresql://user:password@host/name`; when empty, a "
        "SQLite file in `INSTANCE_PATH`.",
        check=_database_url,
        secret=True,
        example="postgresql://taskapp:password@localhost:5432/taskapp",
    )
    database_direct_url: str = text(
        "",
        "The same database past a pooler such as PgBouncer, for migrations and to listen for "
        "changes; when empty, `DATABASE_URL`.",
        check=_database_url,
        secret=True,
        example="postgresql://taskapp:password@localhost:5432/taskapp",
    )
    prepared_statements: bool = switch(
        True,
        "`false` behind a pooler in transaction mode that does not keep prepared statements "
        "(PgBouncer before 1.21, or with `max_prepared_statements` 0).",
    )
    database_pool_size: int = whole_number(
        4,
        1,
        200,
        "Database connections of each worker process, which is how many of its requests are at the "
        "database at the same time.",
        aliases=("THREADS",),
    )
    database_timeout: int = whole_number(
        5, 1, 60, "Seconds that a statement, a lock or the wait for a free connection may take."
    )
    database_role: str = text(
        "taskapp_service",
        "PostgreSQL role that requests run as, made by `flask migrate`; `none` where the login "
        "may not make roles.",
        check=_is_role,
    )
    allow_newer_database: bool = switch(
        False,
        "`true` lets a release start on a database that a newer one has migrated, to go back for a "
        "while.",
    )
    instance_path: str = text(
        str(ROOT / "instance"),
        "Folder of the SQLite file and of the secret that is generated with it.",
    )

    @property
    def database(self) -> URL:
        """The database's URL, with the driver that this service uses."""
        return _database_url(self.database_url)

    @property
    def sqlite_file(self) -> str:
        """The path of the SQLite file; empty with PostgreSQL."""
        if self.database.drivername != "sqlite":
            return ""
        return str(Path(self.instance_path) / str(self.database.database))

    @property
    def direct_database(self) -> URL:
        """The database's URL past any pooler: for migrations, and to listen."""
        return _database_url(self.database_direct_url or self.database_url)


@dataclass(frozen=True, kw_only=True)
class LoginSettings:
    """The login that issues tokens"""

    better_auth_url: str = text(
        "",
        "Base URL of a Better Auth server, most often the frontend's own; its keys are at "
        "`/api/auth/jwks` there, or at `{url}/jwks` if it has a path, and its tokens name it as "
        "issuer and audience.",
        check=_is_of_a_login,
        example="https://login.example.com",
    )
    jwt_jwks_url: str = text(
        "",
        "Where any other login publishes its keys (JWKS).",
        check=_is_of_a_login,
        example="https://issuer.example.com/.well-known/jwks.json",
    )
    login_over_http: bool = switch(
        False,
        "`true` fetches the login's keys by http:// from another machine, for development: whoever "
        "is between can sign in as anybody.",
    )
    jwt_issuer: str = text(
        "",
        "The `iss` of accepted tokens, or several, separated by commas; when empty, "
        "`BETTER_AUTH_URL`, and without that any.",
        example="https://issuer.example.com/",
    )
    jwt_audience: str = text(
        "",
        "The `aud` of accepted tokens, or several, separated by commas; when empty, "
        "`BETTER_AUTH_URL`, and without that any.",
        example="https://tasks.example.com",
    )
    jwt_algorithms: str = text(
        "EdDSA,ES256,RS256,PS256",
        "Algorithms that the login's keys may be used for, separated by commas.",
        check=_are_asymmetric,
    )
    jwks_max_age: int = whole_number(
        300, 10, 86400, "Seconds after which a removed key is refused, at the latest."
    )
    jwks_max_stale: int = whole_number(
        14400, 0, 604800, "Further seconds that keys are used while the login can't be reached."
    )
    jwt_secret_key: str = text(
        "",
        "Secret of at least 32 bytes that signs HS256 tokens, shared with the login; when empty, "
        "one is generated with SQLite, and with PostgreSQL there must be an outside login.",
        secret=True,
        aliases=("BETTER_AUTH_SECRET",),
    )
    jwt_secret_beside_jwks: bool = switch(
        False,
        "`true` accepts the shared secret's tokens beside those of `BETTER_AUTH_URL` or "
        "`JWT_JWKS_URL`, while you move from one to the other.",
    )
    login_url: str = text(
        "",
        "Where people sign in, for the link on the page at `/`, where accounts are kept elsewhere.",
        check=_is_a_page,
        example="https://login.example.com/sign-in",
    )
    jwt_identity_claim: str = text("sub", "The claim of a token that holds the user id.")
    jwt_max_length: int = whole_number(
        16_384, 1024, 131_072, "Characters of a token; a longer one gets 401."
    )
    jwt_leeway: int = whole_number(
        10, 0, 300, "Seconds that the clock of the login may differ from this one."
    )

    @property
    def outside_login(self) -> bool:
        """Whether tokens are verified with keys that an outside login publishes."""
        return bool(self.better_auth_url or self.jwt_jwks_url)

    @property
    def jwks_url(self) -> str:
        """Where the outside login publishes its keys; empty without one."""
        if self.jwt_jwks_url or not self.better_auth_url:
            return self.jwt_jwks_url
        url = self.better_auth_url.rstrip("/")
        return f"{url}/jwks" if urlsplit(url).path else f"{url}/api/auth/jwks"

    @property
    def issuers(self) -> list[str]:
        """The `iss` of the outside login's tokens; empty: not looked at."""
        return listed(self.jwt_issuer) or _names_of_better_auth(self.better_auth_url)

    @property
    def audiences(self) -> list[str]:
        """The `aud` of the outside login's tokens, any of them; empty: not looked at."""
        return listed(self.jwt_audience) or _names_of_better_auth(self.better_auth_url)

    @property
    def algorithms(self) -> list[str]:
        """The algorithms of the outside login's keys that are accepted."""
        return listed(self.jwt_algorithms)

    @property
    def shared_secret_accepted(self) -> bool:
        """Whether tokens signed with `JWT_SECRET_KEY` are accepted."""
        return self.jwt_secret_beside_jwks or not self.outside_login


@dataclass(frozen=True, kw_only=True)
class AccountsSettings:
    """Accounts kept here"""

    accounts: str = one_of(
        "auto",
        "auto",
        "on",
        "off",
        help="Whether accounts are kept here; `auto` means only without an outside login.",
    )
    access_token_minutes: int = whole_number(
        10_080,
        1,
        525_600,
        "Minutes that an access token lasts, and never longer than its session; a sign-out ends it "
        "at once.",
    )
    refresh_token_days: int = whole_number(
        30, 1, 365, "Days that a session lasts without being refreshed."
    )
    session_days: int = whole_number(
        180, 1, 3650, "Days after which a session ends, however often it is refreshed."
    )
    refresh_cookie_samesite: str = one_of(
        "Strict",
        "Strict",
        "Lax",
        "None",
        help="`SameSite` of the cookie that holds the refresh token; a frontend of another site "
        "needs `None`.",
    )
    login_attempts_per_account: int = whole_number(
        10, 1, 1000, "Passwords that one address may try for one account in 15 minutes."
    )
    login_attempts_altogether: int = whole_number(
        100,
        1,
        100_000,
        "Passwords that all addresses together may try for one account in 15 minutes; an address "
        "where the account is signed in goes on being let in.",
    )
    login_attempts_per_address: int = whole_number(
        100, 1, 100_000, "Passwords and registrations that one address may try in 15 minutes."
    )


@dataclass(frozen=True, kw_only=True)
class FrontendsSettings:
    """Frontends that can't be changed"""

    client: bool = switch(
        True, "`false` takes away the page at `/`, which then leads to the documentation."
    )
    list_form: str = one_of(
        "array",
        "array",
        "tasks",
        "items",
        "data",
        help="The list of tasks: a bare array, or an object with the array under this name and how "
        "many there are.",
    )
    task_form: str = one_of(
        "bare", "bare", "task", "data", help="A single task: bare, or in an object under this name."
    )
    field_names: str = one_of(
        "snake", "snake", "camel", help="Names in answers: `due_date`, or `dueDate`."
    )
    task_id_form: str = one_of(
        "number", "number", "string", help='The id of a task in answers: `7`, or `"7"`.'
    )
    field_aliases: str = text(
        "",
        "More names for fields of a task, in answers and in bodies, separated by commas.",
        check=_are_aliases,
        example="is_completed:completed,_id:id",
    )

    @property
    def aliases(self) -> dict[str, str]:
        """The further names of a task's fields, each with the field that it stands for."""
        return dict(_alias(each) for each in listed(self.field_aliases))


@dataclass(frozen=True, kw_only=True)
class TasksSettings:
    """Tasks"""

    trash_days: int = whole_number(
        30, 1, 3650, "Days that a deleted task can be restored, until `flask purge` removes it."
    )
    idempotency_hours: int = whole_number(
        24, 1, 8760, "Hours that an answer is kept for a retry with the same `Idempotency-Key`."
    )
    max_tasks_per_user: int = whole_number(
        100_000, 1, 100_000_000, "Tasks of one user, those in the trash included; more get 403."
    )


@dataclass(frozen=True, kw_only=True)
class ServingSettings:
    """Serving"""

    host: str = text("127.0.0.1", "Address to listen on (`0.0.0.0` in the container).")
    port: int = whole_number(8000, 1, 65535, "Port to listen on.")
    cors_origins: str = text(
        "http://localhost:3000",
        "Origins of the frontends that browsers may call from, separated by commas.",
        check=_are_origins,
    )
    web_concurrency: int = whole_number(2, 1, 64, "Number of worker processes.")
    connections: int = whole_number(
        1000, 1, 65535, "Client connections of each worker process; others wait to be accepted."
    )
    keep_alive: int = whole_number(
        5,
        5,
        3600,
        "Seconds that a connection is kept between two requests; more than the idle time of a load "
        "balancer in front, or requests meet connections that are just being closed.",
    )
    trusted_proxies: int = whole_number(
        0, 0, 10, "Proxies in front whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed."
    )

    @property
    def origins(self) -> list[str]:
        """The origins that browsers may call from, as these write them."""
        return [_origin(each) for each in listed(self.cors_origins)]


@dataclass(frozen=True, kw_only=True)
class LimitsSettings:
    """Limits"""

    rate_limit_reads: str = text(
        "1200/minute",
        "Requests of one user that read; more get 429, and `off` means no limit.",
        check=_is_limit,
    )
    rate_limit_writes: str = text(
        "300/minute",
        "Requests of one user that write; more get 429, and `off` means no limit.",
        check=_is_limit,
    )
    rate_limit_address: str = text(
        "6000/minute",
        "Requests of one address without a valid token; more get 429, and `off` means no limit.",
        check=_is_limit,
    )
    redis_url: str = text(
        "",
        "Redis or Valkey that counts requests for all processes; when empty, each process counts "
        "its own.",
        check=_is_counter,
        secret=True,
        example="redis://localhost:6379/0",
    )
    max_content_length: int = whole_number(
        65536,
        1024,
        2**24,
        "Bytes of a request body, but for a batch (1 MiB) and an import (5 MiB); a longer one gets"
        " 413.",
    )
    max_header_size: int = whole_number(
        32_768, 8192, 2**20, "Bytes of one header; a longer one gets 431."
    )
    body_timeout: int = whole_number(
        10,
        1,
        300,
        "Seconds to receive a request body, or each MiB that it may have; a slower one gets 408.",
    )
    waiting_room: int = whole_number(
        200,
        0,
        10_000,
        "Requests of each worker process that wait for the database; more get 503.",
    )
    waiters: int = whole_number(
        16, 0, 1000, "Long polls that each worker process holds; others are answered at once."
    )

    @property
    def redis(self) -> str:
        """The URL of what counts for all processes, as redis' client reads it; empty: nothing."""
        return "" if self.redis_url.startswith("memory:") else _of_redis(self.redis_url)


@dataclass(frozen=True, kw_only=True)
class TelemetrySettings:
    """Telemetry"""

    log_level: str = one_of(
        "INFO", "DEBUG", "INFO", "WARNING", "ERROR", help="Least severe messages that are logged."
    )
    log_format: str = one_of(
        "console", "console", "json", help="How log lines are written (`json` in the container)."
    )
    metrics_token: str = text(
        "",
        "Bearer token with which Prometheus may read `/metrics`; when empty, nobody may.",
        secret=True,
    )
    otel_exporter_otlp_endpoint: str = text(
        "",
        "OpenTelemetry collector that traces are sent to by OTLP over HTTP; when empty, none are.",
        check=_is_a_collector,
        secret=True,
        example="http://localhost:4318",
    )
    sentry_dsn: str = text(
        "",
        "Sentry project that errors are sent to; when empty, none are.",
        check=_is_of_sentry,
        secret=True,
        example="https://key@sentry.example.com/1",
    )


@dataclass(frozen=True, kw_only=True)
class Settings(
    DatabaseSettings,
    LoginSettings,
    AccountsSettings,
    TasksSettings,
    FrontendsSettings,
    ServingSettings,
    LimitsSettings,
    TelemetrySettings,
):
    """The settings; a field `port` is read from the variable `PORT`."""

    @property
    def longest_header(self) -> int:
        """How many bytes a header may have: a token that may be so long fits into one."""
        return max(self.max_header_size, self.jwt_max_length + 64)

    @property
    def accounts_kept(self) -> bool:
        """Whether this service keeps accounts of its own."""
        outside = self.outside_login or self.jwt_issuer
        return self.accounts == "on" or (self.accounts == "auto" and not outside)


def command(arguments: str) -> str:
    """Return how a command for operators is called from where this runs."""
    if shutil.which(COMMAND):
        return f"{COMMAND} {arguments}"
    if shutil.which("flask") == str(Path(sys.prefix) / "bin" / "flask"):
        return f"flask {arguments}"
    ours = (ROOT / ".venv").resolve() == Path(sys.prefix).resolve()
    return f"{'.venv' if ours else sys.prefix}/bin/flask {arguments}"


def listed(text: str) -> list[str]:
    """Return the parts of a comma-separated setting."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of `environ` and, beneath it, of a `.env` file; raises `BadSetting`."""
    given = _given(environ)
    values = {declared.name: _value(declared, given) for declared in fields(Settings)}
    values["instance_path"] = str(Path(values["instance_path"]).absolute())
    settings = Settings(**values)
    if settings.jwt_secret_beside_jwks and not settings.jwt_secret_key:
        raise BadSetting("JWT_SECRET_KEY", "is missing; JWT_SECRET_BESIDE_JWKS needs it")
    if _is_open(settings.jwks_url) and not settings.login_over_http:
        # Whoever can change the keys on their way here can sign any token.
        name = "JWT_JWKS_URL" if settings.jwt_jwks_url else "BETTER_AUTH_URL"
        reason = "must begin with https:// (LOGIN_OVER_HTTP=true allows http:// for development)"
        raise BadSetting(name, reason)
    try:
        urls.proxy_for(settings.jwks_url)
    except ValueError:
        name = f"{urlsplit(settings.jwks_url).scheme.upper()}_PROXY"
        raise BadSetting(name, "is not like http://proxy:3128") from None
    if settings.direct_database.drivername != settings.database.drivername:
        raise BadSetting("DATABASE_DIRECT_URL", "must lead to the database of DATABASE_URL")
    return _with_secret(settings)


def init_app(app: Flask, settings: Settings) -> None:
    """Keep the settings where `of()` finds them."""
    app.extensions["taskapp.settings"] = settings
    app.config["MAX_CONTENT_LENGTH"] = settings.max_content_length


def of(app: Flask) -> Settings:
    """Return the settings of the application."""
    return cast(Settings, app.extensions["taskapp.settings"])


def warnings(environ: Mapping[str, str] = os.environ) -> list[str]:
    """Return what is probably a mistake in what is set, a sentence each; raises `BadSetting`."""
    return list(_set_in(environ).warnings(_names(*fields(Settings)), _secrets()))


def _set_in(environ: Mapping[str, str]) -> variables.Given:
    # A `.env` belongs to the service as it is started, not to every reader of settings.
    file = ROOT / ".env" if environ is os.environ and (ROOT / ".env").exists() else None
    try:
        return variables.given(environ, file, _secrets())
    except variables.Bad as bad:
        raise BadSetting(bad.name, bad.reason) from None


def _secrets() -> list[str]:
    return _names(*(declared for declared in fields(Settings) if about(declared).secret))


def _names(*declared: dataclasses.Field[Any]) -> list[str]:
    return [name for each in declared for name in (each.name.upper(), *about(each).aliases)]


def _given(environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that are set, by name."""
    given = dict(_set_in(environ).values)
    if given.get("DATABASE_POOL_SIZE") == "0":
        del given["DATABASE_POOL_SIZE"]  # it was the default, and left the number to THREADS
    if "BETTER_AUTH_SECRET" in given:
        # Its name says that the login is elsewhere, so nobody should register here by surprise.
        given.setdefault("ACCOUNTS", "off")
    return given


def _value(declared: dataclasses.Field[Any], given: Mapping[str, str]) -> Any:
    for name in _names(declared):
        if name in given:
            try:
                return about(declared).parse.deserialize(given[name])
            except ma.ValidationError as error:
                reason = " ".join(cast(list[str], error.messages))
                if variables.is_quoted(given[name]):
                    reason = f"{reason.removesuffix('.')}. The quotes are taken as a part of it."
                raise BadSetting(name, reason) from None
    return declared.default


def _names_of_better_auth(url: str) -> list[str]:
    # Its tokens name the origin of its base URL (which browsers and Node write without a usual
    # port), or what was configured there; with and without a slash, since both are in use.
    names = dict.fromkeys([url.rstrip("/"), urls.origin(urlsplit(url))]) if url else {}
    return [form for name in names for form in (name, f"{name}/")]


def _with_secret(settings: Settings) -> Settings:
    # A `.env` shared with the login may hold a secret that is not meant for this service.
    if not settings.shared_secret_accepted and not settings.accounts_kept:
        return replace(settings, jwt_secret_key="")
    secret = settings.jwt_secret_key
    if not secret:
        if settings.database.drivername != "sqlite":
            reason = "is missing; with PostgreSQL it must be set, unless BETTER_AUTH_URL is"
            raise BadSetting("JWT_SECRET_KEY", reason)
        secret = _own_secret(Path(settings.instance_path))
    if len(secret.encode()) < SHORTEST_SECRET:
        raise BadSetting("JWT_SECRET_KEY", f"needs at least {SHORTEST_SECRET} bytes")
    return replace(settings, jwt_secret_key=secret)


def _own_secret(folder: Path) -> str:
    path = folder / "jwt-secret"
    try:
        if not path.exists():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            _create_once(path, secrets.token_urlsafe(48))
        return path.read_text().strip()
    except OSError as error:
        reason = f"is missing, and {path} can't be used: {error.strerror}"
        raise BadSetting("JWT_SECRET_KEY", reason) from None


def _create_once(path: Path, text: str) -> None:
    # mkstemp makes the file with mode 0600. The link appears whole or not at all, so two
    # processes that start together agree on one secret.
    handle, draft = tempfile.mkstemp(dir=path.parent)
    try:
        with os.fdopen(handle, "w") as file:
            file.write(text)
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        os.unlink(draft)
