"""Settings: a bad one stops the start with one line that names it."""

import re
import stat
from dataclasses import fields

import flask_migrate
import pytest

from docs.settings import texts
from taskapp import config, create_app, urls
from taskapp.config import BadSetting, Settings
from taskapp.database import connections

SECRET = "x" * 32


def read(tmp_path, **environ):
    return config.read({"INSTANCE_PATH": str(tmp_path)} | environ)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "http"),
        ("PORT", "70000"),
        ("DATABASE_POOL_SIZE", "201"),
        ("THREADS", "0"),
        ("LOG_FORMAT", "xml"),
        ("LOG_LEVEL", "LOUD"),
        ("CORS_ORIGINS", "*"),
        ("CORS_ORIGINS", "localhost:3000"),
        ("CORS_ORIGINS", "https://a.example/path"),
        ("CORS_ORIGINS", "https://*.example"),
        ("CORS_ORIGINS", "null"),
        ("CORS_ORIGINS", "file:///index.html"),
        ("CORS_ORIGINS", "file://x"),
        ("CORS_ORIGINS", "https://a.example:x"),
        ("CORS_ORIGINS", "https://a.example:99999"),
        ("CORS_ORIGINS", "https://user@a.example"),
        ("CORS_ORIGINS", "https://[::1"),
        ("CORS_ORIGINS", "https://bü\u200dcher..example"),
        ("CORS_ORIGINS", "capacitor://*"),
        ("CORS_ORIGINS", "capacitor://localhost/x"),
        ("CORS_ORIGINS", "capacitor://"),
        ("CORS_ORIGINS", "https://a.example?x"),
        ("DATABASE_URL", "mysql://x/y"),
        ("DATABASE_URL", "nonsense"),
        ("DATABASE_URL", "sqlite://"),
        ("JWT_SECRET_KEY", "short"),
        ("BETTER_AUTH_SECRET", "short"),
    ],
)
def test_a_senseless_value_names_itself_in_one_line(tmp_path, name, value):
    with pytest.raises(BadSetting) as raised:
        read(tmp_path, **{name: value})

    text = str(raised.value)
    assert text.startswith(name.replace("BETTER_AUTH_SECRET", "JWT_SECRET_KEY"))
    assert "\n" not in text


@pytest.mark.parametrize("name", ["MAX_JSON_DEPTH", "MAX_URL_LENGTH"])
def test_what_is_no_setting_any_more_stops_no_start(tmp_path, name):
    read(tmp_path, **{name: "nonsense"})


def test_with_sqlite_the_first_start_makes_a_secret_of_its_own(tmp_path):
    first = read(tmp_path / "instance").jwt_secret_key

    (path,) = (tmp_path / "instance").iterdir()
    assert len(first) >= 32
    assert read(tmp_path / "instance").jwt_secret_key == first
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_with_postgresql_a_missing_secret_stops_the_start(tmp_path):
    with pytest.raises(BadSetting, match="JWT_SECRET_KEY"):
        read(tmp_path, DATABASE_URL="postgresql://db/tasks")


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg"])
def test_postgresql_urls_get_our_driver(tmp_path, scheme):
    settings = read(tmp_path, DATABASE_URL=f"{scheme}://u:p@db/tasks", JWT_SECRET_KEY=SECRET)

    assert settings.database.drivername == "postgresql+psycopg"
    assert settings.database.password == "p"


@pytest.mark.parametrize(
    ("given", "connections"),
    [
        ({}, 4),
        ({"DATABASE_POOL_SIZE": "8"}, 8),
        ({"THREADS": "8"}, 8),
        ({"DATABASE_POOL_SIZE": "6", "THREADS": "8"}, 6),
        # Before, 0 was the default and meant THREADS.
        ({"DATABASE_POOL_SIZE": "0"}, 4),
        ({"DATABASE_POOL_SIZE": "0", "THREADS": "8"}, 8),
        ({"DATABASE_POOL_SIZE": "", "THREADS": "8"}, 8),
    ],
)
def test_threads_is_an_older_name_of_the_pool_size(tmp_path, given, connections):
    settings = read(tmp_path, **given)

    assert settings.database_pool_size == settings.database_pool_size == connections


def test_the_secret_of_better_auth_is_the_same_setting(tmp_path):
    assert read(tmp_path, BETTER_AUTH_SECRET=SECRET).jwt_secret_key == SECRET


def test_with_a_secret_and_no_other_setting_the_first_start_works(tmp_path):
    app = create_app({"INSTANCE_PATH": str(tmp_path / "new"), "JWT_SECRET_KEY": SECRET})
    with app.app_context():
        flask_migrate.upgrade()

    assert app.test_client().get("/health/ready").status_code == 200
    assert [path.name for path in (tmp_path / "new").glob("*.db")] == ["tasks.db"]


MARKER = "pa55word"
SECRETS = {field.name for field in fields(Settings) if config.about(field).secret}
# They lead to what anybody may read, and a password in them is refused.
WITHOUT_PASSWORD = {"better_auth_url", "jwt_jwks_url", "login_url"}


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.type is str])
def test_a_secret_is_printed_by_no_repr(name):
    shown = MARKER in repr(Settings(**{name: MARKER}))

    may_be_secret = re.search("secret|token|dsn|url|endpoint|password", name)
    assert shown != (name in SECRETS)
    assert (name in SECRETS) == bool(may_be_secret and name not in WITHOUT_PASSWORD)


@pytest.mark.parametrize("name", ["DATABASE_URL", "DATABASE_DIRECT_URL"])
@pytest.mark.parametrize("place", [f"u:{MARKER}@db/tasks", f"u@db/tasks?password={MARKER}"])
def test_the_password_of_the_database_is_known_but_not_printed(tmp_path, name, place):
    environ = {"DATABASE_URL": "postgresql://db/tasks", name: f"postgresql://{place}"}
    settings = read(tmp_path, **environ, JWT_SECRET_KEY=SECRET)

    assert settings.direct_database.password == MARKER
    assert connections.direct(settings).parameters["password"] == MARKER
    assert MARKER not in repr(settings)
    assert MARKER not in repr(settings.direct_database)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("DATABASE_URL", MARKER),
        ("DATABASE_URL", f"mysql://u:{MARKER}@db/tasks"),
        ("DATABASE_URL", f"postgresql://u:{MARKER}"),
        ("DATABASE_URL", f"postgresql://u:{MARKER}@db:port/tasks"),
        ("DATABASE_DIRECT_URL", f"postgresql://u:{MARKER}"),
        ("DATABASE_DIRECT_URL", f"postgresql://u:{MARKER}@db/tasks"),
        ("REDIS_URL", MARKER),
        ("REDIS_URL", f"http://:{MARKER}@valkey"),
        ("REDIS_URL", f"redis://u:{MARKER}#@valkey"),
        ("JWT_SECRET_KEY", MARKER),
        ("BETTER_AUTH_SECRET", MARKER),
        ("BETTER_AUTH_URL", f"https://u:{MARKER}@login.example.com"),
        ("JWT_JWKS_URL", f"https://u:{MARKER}@login.example.com"),
    ],
)
def test_a_bad_secret_is_refused_without_saying_it_again(tmp_path, name, value):
    with pytest.raises(BadSetting) as raised:
        read(tmp_path, **{name: value})

    assert MARKER not in str(raised.value)


@pytest.mark.parametrize(
    "url",
    [
        "redis://valkey:6379/0",
        "rediss://:password@valkey",
        "redis+sentinel://one:26379,two:26379/service",
        "valkey+cluster://:password@one:6379,two:6379",
        "memory://",
    ],
)
def test_what_can_count_requests_is_accepted(tmp_path, url):
    assert read(tmp_path, REDIS_URL=url).redis_url == url


@pytest.mark.parametrize("setting", fields(Settings), ids=lambda field: field.name)
def test_every_setting_says_in_one_sentence_what_it_is_for(setting):
    about = config.about(setting)

    assert re.fullmatch(r"[A-Z`](?!.*[.!?] [A-Z`]).*\.", about.help)


def test_every_group_has_a_heading_and_every_setting_a_group():
    groups = Settings.__bases__

    assert all("\n" not in group.__doc__ for group in groups)
    names = [field.name for group in groups for field in fields(group)]
    assert sorted(names) == sorted(field.name for field in fields(Settings))


@pytest.mark.parametrize("path", texts(), ids=lambda path: path.name)
def test_what_people_read_about_settings_is_written_from_them(path):
    assert path.read_text() == texts()[path], "run `make docs`"


def test_a_file_of_settings_is_read_beneath_the_environment(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    monkeypatch.setenv("PORT", "8002")
    (tmp_path / ".env").write_text("PORT=8001\nHOST=127.0.0.9\nLOG_FORMAT\n")

    settings = config.read()

    assert (settings.port, settings.host, settings.log_format) == (8002, "127.0.0.9", "console")
    assert read(tmp_path).host == "127.0.0.1"


def test_every_line_of_the_example_is_accepted(tmp_path):
    example = (config.ROOT / ".env.example").read_text()
    lines = re.findall(r"^#([A-Z_]+)=(.*)$", example, re.MULTILINE)

    read(tmp_path, **dict(lines) | {"INSTANCE_PATH": str(tmp_path)})

    assert {name.lower() for name, _ in lines} == {field.name for field in fields(Settings)}


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("DATABASE_URL", f"postgresql://u:Pa@ss:{MARKER}@localhost/db", "percent-encoded"),
        ("DATABASE_URL", f"postgresql://u:Pa@{MARKER}@localhost/db", "percent-encoded"),
        ("DATABASE_URL", "postgresql://u:p@db/tasks?pgbouncer=true", "PREPARED_STATEMENTS=false"),
        ("DATABASE_URL", "postgresql://u:p@db/tasks?schema=mine", "search_path"),
        ("DATABASE_URL", "postgresql://u:p@db/tasks?sslmode=always", "sslmode"),
        ("DATABASE_URL", "postgresql://u:p@db/tasks?connect_timeout=soon", "connect_timeout"),
        ("DATABASE_URL", "postgresql://u:p@db:99999/tasks", "99999"),
        ("DATABASE_URL", "postgresql://u:p@db/tasks?client_encoding=latin1", "UTF8"),
        ("DATABASE_URL", f"'postgresql://u:{MARKER}@db/tasks'", "quotes"),
        ("PORT", '"8000"', "quotes"),
        ("REDIS_URL", "localhost:6379", "redis://"),
        ("REDIS_URL", f"redis://:{MARKER}@valkey/0?db=x", "redis://"),
        ("REDIS_URL", f"redis://:{MARKER}@valkey/0?retry=x&pool=y", "redis://"),
        ("REDIS_URL", f"redis+sentinel://:{MARKER}@valkey/0", "redis://"),
        ("REDIS_URL", f"redis+sentinel://:{MARKER}@valkey:26379", "redis://"),
        ("REDIS_URL", f"redis+cluster://:{MARKER}@valkey", "redis://"),
        ("REDIS_URL", f"redis+other://:{MARKER}@valkey:6379", "redis://"),
        ("SENTRY_DSN", MARKER, "https://key@"),
        ("SENTRY_DSN", f"https://{MARKER}@sentry.example.com", "https://key@"),
        ("OTEL_EXPORTER_OTLP_ENDPOINT", f"{MARKER}:4318", "http://collector:4318"),
        ("CORS_ORIGINS", f"https://u:{MARKER}@app.example.com", "'https://…@app.example.com'"),
        ("CORS_ORIGINS", f"https://u:{MARKER}@app.example.com:x", "'https://…@app.example.com:x'"),
        ("JWT_SECRET_KEY_FILE", "/nonexistent/secret", "/nonexistent/secret can't be read"),
    ],
)
def test_a_bad_value_says_what_would_be_right_and_nothing_secret(tmp_path, name, value, says):
    with pytest.raises(BadSetting) as raised:
        read(tmp_path, **{name: value})

    text = str(raised.value)
    assert text.startswith(f"{name}: ")
    assert says in text
    assert MARKER not in text
    assert "\n" not in text


def test_a_url_with_several_hosts_is_read_as_libpq_reads_it(tmp_path):
    url = f"postgresql://u:{MARKER}@one:5433,two/tasks?sslmode=require"
    settings = read(tmp_path, DATABASE_URL=url, JWT_SECRET_KEY=SECRET)

    parameters = connections.direct(settings).parameters
    assert (parameters["host"], parameters["port"]) == ("one,two", "5433,")
    assert (parameters["password"], parameters["dbname"]) == (MARKER, "tasks")


@pytest.mark.parametrize("name", ["password", "sslpassword", "oauth_client_secret"])
def test_no_secret_of_a_url_is_shown(tmp_path, name):
    settings = read(
        tmp_path, DATABASE_URL=f"postgresql://u@db/tasks?{name}={MARKER}", JWT_SECRET_KEY=SECRET
    )

    assert MARKER not in urls.shown(settings.database)
    assert "db/tasks" in urls.shown(settings.database)


def test_white_space_around_a_value_is_nothing(tmp_path):
    settings = read(tmp_path, JWT_SECRET_KEY=f" {SECRET}\r\n", PORT=" 8001\n", METRICS_TOKEN="  \n")

    assert (settings.jwt_secret_key, settings.port) == (SECRET, 8001)
    assert settings.metrics_token == ""


@pytest.mark.parametrize(
    "name",
    [
        name
        for field in fields(Settings)
        if config.about(field).secret
        for name in (field.name.upper(), *config.about(field).aliases)
    ],
)
def test_a_secret_may_be_in_a_file_of_its_own(tmp_path, name):
    value = {
        "DATABASE_URL": "postgresql://u:p@db/tasks",
        "DATABASE_DIRECT_URL": "postgresql://u:p@db/tasks",
        "REDIS_URL": "redis://valkey",
        "SENTRY_DSN": "https://key@sentry.example.com/1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://collector:4318",
    }.get(name, SECRET)
    (tmp_path / "secret").write_text(f"{value}\n")
    environ = {"DATABASE_URL": "postgresql://u:p@db/tasks", "JWT_SECRET_KEY": SECRET}
    if name.endswith(("SECRET", "SECRET_KEY")):
        del environ["JWT_SECRET_KEY"]
    environ.pop(name, None)

    settings = read(tmp_path, **environ, **{f"{name}_FILE": str(tmp_path / "secret")})

    field = name.lower().replace("better_auth_secret", "jwt_secret_key")
    assert getattr(settings, field) == value
    with pytest.raises(BadSetting, match=f"^{name}: "):
        read(tmp_path, **environ | {name: value, f"{name}_FILE": str(tmp_path / "secret")})


def test_a_file_of_a_secret_that_holds_nothing_is_refused(tmp_path):
    (tmp_path / "secret").write_text(" \n")

    # Otherwise it would be SQLite, and a secret that nobody else knows.
    for name in ("DATABASE_URL", "JWT_SECRET_KEY"):
        with pytest.raises(BadSetting, match=rf"^{name}_FILE: \S+/secret is empty$"):
            read(tmp_path, **{f"{name}_FILE": str(tmp_path / "secret")})


def test_a_byte_order_mark_is_no_part_of_a_secret_or_a_name(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / "secret").write_text(SECRET, encoding="utf-8-sig")
    (tmp_path / ".env").write_text("PORT=8001\n", encoding="utf-8-sig")
    monkeypatch.setenv("JWT_SECRET_KEY_FILE", str(tmp_path / "secret"))
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))

    settings = config.read()

    assert (settings.jwt_secret_key, settings.port) == (SECRET, 8001)
    assert config.warnings() == []


@pytest.mark.parametrize(
    ("given", "warning"),
    [
        ({"PROT": "8001"}, "PROT is no setting: is PORT meant?"),
        ({"DATABSE_URL": "x"}, "DATABSE_URL is no setting: is DATABASE_URL meant?"),
        ({"JWT_SECRETKEY": "x"}, "JWT_SECRETKEY is no setting: is JWT_SECRET_KEY meant?"),
        ({"CORS_ORIGINSS": "x"}, "CORS_ORIGINSS is no setting: is CORS_ORIGINS meant?"),
        ({"REDIS_URL_FIL": "x"}, "REDIS_URL_FIL is no setting: is REDIS_URL_FILE meant?"),
        ({"PORT_FILE": "/x"}, "PORT_FILE is not read: only secrets"),
        ({"METRICS_TOKEN": "'x'"}, "METRICS_TOKEN: the quotes around"),
        ({"HOME": "/", "PATH": "/bin", "HOSTNAME": "x", "port": "1", "LANG": "C"}, None),
        ({"THREADS": "2", "OTEL_SERVICE_NAME": "x", "METRICS_TOKEN": "don't"}, None),
    ],
)
def test_what_is_probably_a_mistake_is_a_warning(given, warning):
    found = config.warnings(given)

    assert len(found) == (1 if warning else 0)
    assert all(text.startswith(warning) for text in found)


def test_a_name_in_the_file_that_nobody_reads_is_a_warning(tmp_path, monkeypatch):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / ".env").write_text("COLOUR=red\nPORT=8001\nFLASK_DEBUG=0\nOTEL_SERVICE_NAME=x\n")

    assert config.warnings() == ["COLOUR in .env is no setting."]


@pytest.mark.parametrize("text", ["PORT=8001\n".encode("utf-16"), b"METRICS_TOKEN=\xff\n"])
def test_a_file_that_is_no_text_is_refused_in_one_line(tmp_path, monkeypatch, text):
    monkeypatch.setattr(config, "ROOT", tmp_path)
    (tmp_path / ".env").write_bytes(text)

    with pytest.raises(BadSetting, match=r"\.env: must be a text in UTF-8$"):
        config.read()


@pytest.mark.parametrize("level", ["info", "Info", "INFO"])
def test_words_are_taken_in_any_case(tmp_path, level):
    assert read(tmp_path, LOG_LEVEL=level).log_level == "INFO"


@pytest.mark.parametrize(
    ("url", "jwks", "issuers"),
    [
        ("https://h", "https://h/api/auth/jwks", {"https://h", "https://h/"}),
        ("https://H:443/", "https://H:443/api/auth/jwks", {"https://H:443", "https://h"}),
        ("https://h/api/auth", "https://h/api/auth/jwks", {"https://h", "https://h/api/auth"}),
        ("https://h:8/login/", "https://h:8/login/jwks", {"https://h:8", "https://h:8/login/"}),
    ],
)
def test_better_auth_is_known_by_its_base_url_with_or_without_a_path(tmp_path, url, jwks, issuers):
    settings = read(tmp_path, BETTER_AUTH_URL=url)

    assert settings.jwks_url == jwks
    assert issuers <= set(settings.issuers)
    assert settings.audiences == settings.issuers


@pytest.mark.parametrize("name", ["BETTER_AUTH_URL", "JWT_JWKS_URL"])
def test_a_login_over_http_is_an_explicit_setting(tmp_path, name):
    url = "http://host.docker.internal:3000"
    with pytest.raises(BadSetting, match=f"^{name}: .*LOGIN_OVER_HTTP=true"):
        read(tmp_path, **{name: url})

    assert read(tmp_path, **{name: url}, LOGIN_OVER_HTTP="true").jwks_url.startswith(url)
    assert read(tmp_path, **{name: "http://127.0.0.2:3000"})


@pytest.mark.parametrize(
    "environ",
    [
        {"DATABASE_URL": "sqlite:///tasks.db", "DATABASE_DIRECT_URL": "postgresql://db/tasks"},
        {"DATABASE_URL": "postgresql://db/tasks", "DATABASE_DIRECT_URL": "sqlite:///tasks.db"},
    ],
)
def test_past_a_pooler_there_is_the_same_kind_of_database(tmp_path, environ):
    with pytest.raises(BadSetting, match="must lead to the database of DATABASE_URL"):
        read(tmp_path, **environ, JWT_SECRET_KEY=SECRET)


def test_a_secret_beside_the_logins_keys_must_be_there(tmp_path):
    login = {"JWT_JWKS_URL": "https://login/jwks", "JWT_SECRET_BESIDE_JWKS": "true"}

    with pytest.raises(BadSetting, match="is missing; JWT_SECRET_BESIDE_JWKS needs it"):
        read(tmp_path, **login)
    assert read(tmp_path, **login, JWT_SECRET_KEY=SECRET).jwt_secret_key == SECRET


@pytest.mark.parametrize(
    ("found", "prefix", "command"),
    [
        (["/usr/bin/taskapp", "/usr/bin/flask"], "/usr", "taskapp migrate"),
        (["/opt/venv/bin/flask"], "/opt/venv", "flask migrate"),
        (["/usr/bin/flask"], "/opt/venv", "/opt/venv/bin/flask migrate"),
        ([], str(config.ROOT / ".venv"), ".venv/bin/flask migrate"),
        ([], f"{config.ROOT}/.venv2", f"{config.ROOT}/.venv2/bin/flask migrate"),
    ],
)
def test_a_command_is_said_as_it_can_be_called_here(monkeypatch, found, prefix, command):
    programs = {path.rpartition("/")[2]: path for path in found}
    monkeypatch.setattr(config.shutil, "which", programs.get)
    monkeypatch.setattr(config.sys, "prefix", prefix)

    assert config.command("migrate") == command
