"""An SQLite file that can't be opened or written is named, by whatever looks at it first."""

import os
import shutil
import tempfile
from contextlib import contextmanager
from pathlib import Path

import flask_migrate
import pytest

from taskapp import config, create_app
from taskapp.database import db
from taskapp.serving import start
from tests.conftest import SECRET
from tests.problems import assert_problem

NOBODY = 65534


@contextmanager
def as_somebody():
    """Not as root, whom no mode of a file keeps out."""
    before = os.geteuid()
    if before == 0:
        os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(before)


@pytest.fixture
def folder():
    # Not one of pytest's, to whose parents only the one who runs the tests may come.
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def environ(folder):
    return {"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(folder)}


@pytest.mark.parametrize("kept", ["file", "folder"])
def test_one_that_cannot_be_written_is_not_ready(environ, folder, kept):
    app = create_app(environ)
    with app.app_context():
        flask_migrate.upgrade()
        db.engine.dispose()
    if kept == "file":
        folder.chmod(0o777)
        (folder / "tasks.db").chmod(0o444)
    else:
        (folder / "tasks.db").chmod(0o666)
        folder.chmod(0o555)

    with as_somebody():
        app = create_app(environ)
        ready = app.test_client().get("/health/ready")
        checked = app.test_cli_runner().invoke(args=["check"])
        migrated = app.test_cli_runner().invoke(args=["migrate"])
        refusal = start.refusal(config.of(app))

    sentence = f"{folder}/tasks.db or its folder can't be written"
    assert_problem(ready, 503, names=sentence)
    assert (checked.exit_code, migrated.exit_code) == (1, 1)
    for text in (checked.output, migrated.output, refusal):
        assert sentence in text
        assert "DATABASE_URL" in text


def test_one_that_cannot_be_opened_is_named(environ, folder, caplog):
    (folder / "tasks.db").mkdir()
    app = create_app(environ)

    checked = app.test_cli_runner().invoke(args=["check"])
    migrated = app.test_cli_runner().invoke(args=["migrate"])
    refusal = start.refusal(config.of(app))

    assert refusal is None  # until it can be opened, every answer is a 503
    for text in (checked.output, migrated.output, caplog.text):
        assert f"{folder}/tasks.db (DATABASE_URL): unable to open database file" in text
    assert checked.output.count("\n") < 10
    assert migrated.output.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_a_bad_setting(environ, folder):
    folder.chmod(0o555)
    missing = folder / "missing"

    with as_somebody(), pytest.raises(config.BadSetting) as raised:
        create_app(environ | {"INSTANCE_PATH": str(missing)})

    assert str(raised.value) == f"INSTANCE_PATH: {missing} can't be made: Permission denied"
