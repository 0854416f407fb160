"""Every setting of the service: its type, its default and its check, read once at start."""

import os
import re
import secrets
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from ipaddress import ip_address
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import limits
import marshmallow as ma
from dotenv import dotenv_values
from flask import Flask
from marshmallow import validate
from marshmallow.fields import Boolean, Field, Integer, String
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError

ROOT = Path(__file__).resolve().parent.parent
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


class BadSetting(Exception):
    """A setting that is missing or makes no sense; the text is one line and names it."""

    def __init__(self, name: str, reason: str) -> None:
        super().__init__(f"{name}: {reason}")


def setting(default: Any, parse: Field[Any]) -> Any:
    """A field of `Settings`: its default, and the marshmallow field that parses and checks it."""
    return field(default=default, metadata={"parse": parse})


def secret(parse: Field[Any]) -> Any:
    """The same, empty by default and shown by no `repr`."""
    return field(default="", repr=False, metadata={"parse": parse})


def _is_counter(text: str) -> None:
    # What `limits` and urllib say about a bad one repeats it, or a part of its password.
    try:
        parts = urlsplit(text)
        known = re.fullmatch(r"memory|(redis|valkey)(s|\+\w+)?", parts.scheme)
        if "+" not in parts.scheme:  # those with one take several hosts
            parts.port  # noqa: B018 - raises where the port makes no sense
    except ValueError:
        known = None
    if not known:
        raise ma.ValidationError("Must be like redis://:password@localhost:6379/0.")


def _is_limit(text: str) -> None:
    try:
        limits.parse("1/second" if text == "off" else text)
    except ValueError:
        raise ma.ValidationError('Must be such as "300/minute", or "off".') from None


def _is_role(text: str) -> None:
    if not re.fullmatch("[a-z_][a-z0-9_]{0,62}", text):
        raise ma.ValidationError('Must be a name in small letters, or "none".')


def whole_number(default: int, least: int, most: int) -> Any:
    return setting(default, Integer(validate=validate.Range(least, most)))


def one_of(default: str, *choices: str) -> Any:
    return setting(default, String(validate=validate.OneOf(choices)))


@dataclass(frozen=True, kw_only=True)
class Settings:
    """The settings; a field `port` is read from the variable `PORT`."""

    instance_path: str = setting(str(ROOT / "instance"), String())
    database_url: str = secret(String())
    database_direct_url: str = secret(String())
    prepared_statements: bool = setting(True, Boolean())
    database_pool_size: int = whole_number(0, 0, 200)  # connections; 0: as many as THREADS
    database_role: str = setting("taskapp_service", String(validate=_is_role))
    allow_newer_database: bool = setting(False, Boolean())
    database_timeout: int = whole_number(5, 1, 60)  # seconds for one statement or lock
    better_auth_url: str = setting("", String())
    jwt_jwks_url: str = setting("", String())
    jwt_issuer: str = setting("", String())
    jwt_audience: str = setting("", String())
    jwt_algorithms: str = setting("EdDSA,ES256,RS256,PS256", String())
    jwks_max_age: int = whole_number(300, 10, 86400)  # seconds until a removed key is refused
    jwks_max_stale: int = whole_number(14400, 0, 604800)  # seconds more while the login is away
    jwt_secret_key: str = secret(String())
    jwt_secret_beside_jwks: bool = setting(False, Boolean())
    jwt_identity_claim: str = setting("sub", String(validate=validate.Length(min=1)))
    accounts: str = one_of("auto", "auto", "on", "off")
    refresh_token_days: int = whole_number(30, 1, 365)
    refresh_cookie_samesite: str = one_of("Strict", "Strict", "Lax", "None")
    login_attempts_per_account: int = whole_number(10, 1, 1000)  # in 15 minutes
    login_attempts_per_address: int = whole_number(100, 1, 100_000)  # in 15 minutes
    idempotency_hours: int = whole_number(24, 1, 8760)  # that an answer is kept for a retry
    trash_days: int = whole_number(30, 1, 3650)  # that a deleted task can be restored
    waiters: int = whole_number(16, 0, 1000)  # long polls that a process holds at most
    cors_origins: str = setting("http://localhost:3000", String())
    host: str = setting("127.0.0.1", String(validate=validate.Length(min=1)))
    port: int = whole_number(8000, 1, 65535)
    web_concurrency: int = whole_number(2, 1, 64)  # worker processes
    threads: int = whole_number(4, 1, 200)  # requests of a worker that work at the same time
    connections: int = whole_number(1000, 1, 65535)  # of clients, to each worker
    redis_url: str = secret(String(validate=_is_counter))
    rate_limit_address: str = setting("6000/minute", String(validate=_is_limit))
    rate_limit_reads: str = setting("1200/minute", String(validate=_is_limit))
    rate_limit_writes: str = setting("300/minute", String(validate=_is_limit))
    trusted_proxies: int = whole_number(0, 0, 10)  # in front, whose X-Forwarded-* are believed
    max_content_length: int = whole_number(65536, 1024, 2**24)  # bytes of a request body
    max_header_size: int = whole_number(131072, 8192, 2**20)  # bytes of one header
    body_timeout: int = whole_number(10, 1, 300)  # seconds to receive a request body
    waiting_room: int = whole_number(200, 0, 10_000)  # requests that wait for the database
    otel_exporter_otlp_endpoint: str = secret(String())
    sentry_dsn: str = secret(String())
    metrics_token: str = secret(String())
    log_level: str = one_of("INFO", "DEBUG", "INFO", "WARNING", "ERROR")
    log_format: str = one_of("console", "console", "json")

    @property
    def origins(self) -> list[str]:
        """The origins that browsers may call from (RFC 6454: scheme, host and port)."""
        return listed(self.cors_origins)

    @property
    def outside_login(self) -> bool:
        """Whether tokens are verified with keys that an outside login publishes."""
        return bool(self.better_auth_url or self.jwt_jwks_url)

    @property
    def jwks_url(self) -> str:
        """Where the outside login publishes its keys; empty without one."""
        return self.jwt_jwks_url or (
            f"{self.better_auth_url.rstrip('/')}/api/auth/jwks" if self.better_auth_url else ""
        )

    @property
    def issuers(self) -> list[str]:
        """The `iss` of the outside login's tokens; empty: not looked at."""
        return listed(self.jwt_issuer) or _with_and_without_slash(self.better_auth_url)

    @property
    def audiences(self) -> list[str]:
        """The `aud` of the outside login's tokens, any of them; empty: not looked at."""
        return listed(self.jwt_audience) or _with_and_without_slash(self.better_auth_url)

    @property
    def algorithms(self) -> list[str]:
        """The algorithms of the outside login's keys that are accepted."""
        return listed(self.jwt_algorithms)

    @property
    def shared_secret_accepted(self) -> bool:
        """Whether tokens signed with `JWT_SECRET_KEY` are accepted."""
        return self.jwt_secret_beside_jwks or not self.outside_login

    @property
    def accounts_kept(self) -> bool:
        """Whether this service keeps accounts of its own."""
        outside = self.outside_login or self.jwt_issuer
        return self.accounts == "on" or (self.accounts == "auto" and not outside)

    @property
    def database(self) -> URL:
        """The database's URL, with the driver that this service uses."""
        return _database_url(self.database_url, "DATABASE_URL")

    @property
    def direct_database(self) -> URL:
        """The database's URL past any pooler: for migrations, and to listen."""
        if not self.database_direct_url:
            return self.database
        return _database_url(self.database_direct_url, "DATABASE_DIRECT_URL")

    @property
    def direct_conninfo(self) -> str:
        """The same for psycopg itself; it holds the password."""
        return self.direct_database.set(drivername="postgresql").render_as_string(
            hide_password=False
        )

    @property
    def pool_size(self) -> int:
        """How many database connections one worker process holds at most."""
        return self.database_pool_size or self.threads


def listed(text: str) -> list[str]:
    """Return the parts of a comma-separated setting."""
    return [part.strip() for part in text.split(",") if part.strip()]


def read(environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of `environ` and, beneath it, of a `.env` file; raises `BadSetting`."""
    given = dict(environ)
    if environ is os.environ:
        given = {**{k: v or "" for k, v in dotenv_values(ROOT / ".env").items()}, **given}
    if given.get("BETTER_AUTH_SECRET"):
        given["JWT_SECRET_KEY"] = given.get("JWT_SECRET_KEY") or given["BETTER_AUTH_SECRET"]
        # Its name says that the login is elsewhere, so nobody shall register here by surprise.
        given["ACCOUNTS"] = given.get("ACCOUNTS") or "off"
    settings = _parse({name: value for name, value in given.items() if value != ""})
    _check_origins(settings)
    _check_login(settings)
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


def _parse(given: Mapping[str, str]) -> Settings:
    parsers = {f.name.upper(): f.metadata["parse"] for f in fields(Settings)}
    schema = ma.Schema.from_dict(parsers)(unknown=ma.EXCLUDE)
    try:
        loaded = cast(dict[str, Any], schema.load(given))
    except ma.ValidationError as error:
        messages = cast(dict[str, list[str]], error.messages)
        name = min(messages)
        raise BadSetting(name, " ".join(messages[name])) from None
    settings = Settings(**{name.lower(): value for name, value in loaded.items()})
    return replace(settings, instance_path=str(Path(settings.instance_path).absolute()))


def _check_origins(settings: Settings) -> None:
    for origin in settings.origins:
        # A wildcard together with credentials would let any site act for a signed-in user.
        if origin == "*":
            raise BadSetting("CORS_ORIGINS", "* is not allowed; list the frontends' origins")
        parts = urlsplit(origin)
        plain = f"{parts.scheme}://{parts.netloc}"
        if parts.scheme not in ("http", "https") or not parts.netloc or origin != plain:
            raise BadSetting("CORS_ORIGINS", f"{origin!r} is not like https://app.example.com")
        if set("*\\]?$^[()@") & set(parts.netloc.replace("[::1]", "")):
            raise BadSetting("CORS_ORIGINS", f"{origin!r} must name one host, without patterns")


def _check_login(settings: Settings) -> None:
    for name in ("BETTER_AUTH_URL", "JWT_JWKS_URL"):
        url = getattr(settings, name.lower())
        try:
            parts = urlsplit(url)
            sane = not url or (parts.hostname and not (parts.query or parts.fragment))
            parts.port  # noqa: B018 - raises where the port makes no sense
        except ValueError:
            sane = False
        if not sane or (url and parts.scheme not in ("http", "https")):
            raise BadSetting(name, "is not like https://login.example.com")
        if parts.username or parts.password:
            raise BadSetting(name, "must not contain a user name or a password")
        # Whoever can change the keys on their way here can sign any token.
        if url and parts.scheme == "http" and not _is_loopback(parts.hostname or ""):
            raise BadSetting(name, "must begin with https:// (http:// only for this machine)")
    unknown = [name for name in settings.algorithms if name not in ASYMMETRIC]
    if unknown or not settings.algorithms:
        raise BadSetting("JWT_ALGORITHMS", f"must be some of {', '.join(ASYMMETRIC)}")
    if settings.jwt_secret_beside_jwks and not settings.jwt_secret_key:
        raise BadSetting("JWT_SECRET_KEY", "is missing; JWT_SECRET_BESIDE_JWKS needs it")


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _with_and_without_slash(url: str) -> list[str]:
    # Better Auth says its base URL as it was configured, and both forms are in use.
    return [url.rstrip("/"), url.rstrip("/") + "/"] if url else []


def _database_url(text: str, name: str) -> URL:
    # Flask-SQLAlchemy looks for a relative file in the instance folder, and makes the folder.
    try:
        url = make_url(text or "sqlite:///tasks.db")
    except (ArgumentError, ValueError):  # the latter repeats the port, or a password in its place
        raise BadSetting(name, "is not a database URL") from None
    if password := url.query.get("password"):
        # SQLAlchemy hides the one before the host only.
        password = password if isinstance(password, str) else password[-1]
        url = url.set(password=password).difference_update_query(["password"])
    if url.drivername in ("postgres", "postgresql"):
        return url.set(drivername="postgresql+psycopg")
    if url.drivername not in ("postgresql+psycopg", "sqlite"):
        raise BadSetting(name, "must begin with postgresql:// or sqlite:///")
    if url.drivername == "sqlite" and url.database in (None, "", ":memory:"):
        raise BadSetting(name, "SQLite needs a file, such as sqlite:////data/tasks.db")
    return url


def _with_secret(settings: Settings) -> Settings:
    # A `.env` shared with the login may hold a secret that is nothing to this service.
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
