"""SQLite's file: whose it is"""

import stat

import flask_migrate
import pytest

from taskapp import create_app
from tests.conftest import SECRET


def mode(path):
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.parametrize("url", ["", "sqlite:///{}/data/own.db"])
def test_a_new_file_and_its_folder_are_their_owners_alone(tmp_path, url):
    folder = tmp_path / "data"
    settings = {"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(folder)}
    app = create_app({"DATABASE_URL": url.format(tmp_path), **settings})
    with app.app_context():
        flask_migrate.upgrade()

    files = list(folder.iterdir())
    assert any(file.suffix == ".db" for file in files)
    assert mode(folder) == 0o700
    assert {mode(file) for file in files} == {0o600}


def test_what_an_operator_has_opened_stays_open(tmp_path):
    file = tmp_path / "shared.db"
    file.touch(mode=0o640)
    file.chmod(0o640)
    settings = {"JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(tmp_path)}
    app = create_app({"DATABASE_URL": f"sqlite:///{file}", **settings})
    with app.app_context():
        flask_migrate.upgrade()

    assert mode(file) == 0o640
