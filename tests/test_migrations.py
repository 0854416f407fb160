"""The migrations make what the models say, up and down, on both databases."""

import secrets
import shutil
from collections.abc import Iterator

import flask_migrate
import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from taskapp import config, create_app
from taskapp.database import Base, db, schema


@pytest.fixture
def empty(environ: dict[str, str], tmp_path) -> Iterator[object]:
    """An application whose database is new and empty."""
    if environ["DATABASE_URL"].startswith("sqlite"):
        yield create_app(environ | {"DATABASE_URL": f"sqlite:///{tmp_path}/new.db"})
        return
    admin = sa.create_engine(
        environ["DATABASE_URL"].replace("postgresql:", "postgresql+psycopg:"),
        isolation_level="AUTOCOMMIT",
    )
    name = f"new_{secrets.token_hex(6)}"
    with admin.connect() as connection:
        connection.execute(sa.text(f'CREATE DATABASE "{name}"'))
        url = admin.url.set(database=name).render_as_string(hide_password=False)
        yield create_app(environ | {"DATABASE_URL": url})
        connection.execute(sa.text(f'DROP DATABASE "{name}" WITH (FORCE)'))


def readable(index) -> str:
    options = {name: str(value) for name, value in (index.get("dialect_options") or {}).items()}
    return str({**index, "dialect_options": options})


def structure() -> dict[str, object]:
    inspector = sa.inspect(db.engine)
    return {
        table: {
            "columns": [
                {**column, "type": str(column["type"]), "comment": None}
                for column in sorted(inspector.get_columns(table), key=lambda each: each["name"])
            ],
            "primary key": inspector.get_pk_constraint(table),
            "foreign keys": inspector.get_foreign_keys(table),
            "checks": sorted(str(c) for c in inspector.get_check_constraints(table)),
            "unique": sorted(str(u) for u in inspector.get_unique_constraints(table)),
            "indexes": sorted(readable(index) for index in inspector.get_indexes(table)),
        }
        for table in Base.metadata.tables
    }


def test_they_go_down_and_up_again(empty):
    with empty.app_context():
        flask_migrate.upgrade()
        flask_migrate.downgrade(revision="base")
        assert set(sa.inspect(db.engine).get_table_names()) <= {"alembic_version"}
        flask_migrate.upgrade()


def test_they_make_what_the_models_say(empty):
    with empty.app_context():
        flask_migrate.upgrade()
        migrated = structure()
        with db.engine.connect() as connection:
            assert compare_metadata(MigrationContext.configure(connection), Base.metadata) == []
        Base.metadata.drop_all(db.engine)
        Base.metadata.create_all(db.engine)

        assert migrated == structure()


def test_erasing_a_user_erases_the_tasks(app, alice):
    alice.has_task()

    with app.app_context(), db.session.begin():
        db.session.execute(sa.text("DELETE FROM users WHERE id = :id"), {"id": alice.id})

    assert alice.get(alice.tasks_url).json == []


def test_ids_are_never_used_again_across_the_migrations(empty):
    with empty.app_context():
        flask_migrate.upgrade(revision="0001")
        task = (
            "INSERT INTO tasks (user_id, title, completed, created_at, updated_at)"
            " VALUES ('alice', 't', false, CURRENT_TIMESTAMP, CURRENT_TIMESTAMP) RETURNING id"
        )
        with db.engine.begin() as connection:
            connection.exec_driver_sql("INSERT INTO users VALUES ('alice', CURRENT_TIMESTAMP)")
            for _ in range(3):
                last = connection.exec_driver_sql(task).scalar_one()
            connection.exec_driver_sql(f"DELETE FROM tasks WHERE id = {last}")
        flask_migrate.upgrade()
        with db.engine.begin() as connection:
            rows = connection.exec_driver_sql("SELECT id, revision FROM tasks ORDER BY id").all()
            assert [row.revision for row in rows] == [1, 2]
            assert connection.exec_driver_sql("SELECT revision FROM users").scalar_one() == 2
            new = task.replace("(user_id,", "(revision, user_id,").replace(
                "('alice'", "(3, 'alice'"
            )
            assert connection.exec_driver_sql(new).scalar_one() > last
        flask_migrate.downgrade(revision="0001")
        with db.engine.begin() as connection:
            assert connection.exec_driver_sql(task).scalar_one() > last + 1


def test_the_newest_migration_is_the_last_one_by_name():
    scripts = ScriptDirectory(str(config.ROOT / "migrations"))

    assert schema.of_code() == scripts.get_current_head()


CONCURRENT = """
import sqlalchemy as sa
from alembic import op

revision = "9999"
down_revision = "{newest}"


def upgrade():
    with op.get_context().autocommit_block():
        op.create_index(
            "ix_tasks_tried", "tasks", ["title"], postgresql_concurrently=True, if_not_exists=True
        )
    op.add_column("tasks", sa.Column("tried", sa.Text))
"""


def test_an_index_can_be_made_concurrently(empty, tmp_path):
    """As CONTRIBUTING says, with the environment that all migrations run in."""
    folder = tmp_path / "migrations"
    shutil.copytree(config.ROOT / "migrations", folder)
    text = CONCURRENT.format(newest=schema.of_code())
    (folder / "versions/9999_tried.py").write_text(text)
    with empty.app_context():
        flask_migrate.upgrade(directory=str(folder))

        inspector = sa.inspect(db.engine)
        assert "ix_tasks_tried" in {index["name"] for index in inspector.get_indexes("tasks")}
        assert "tried" in {column["name"] for column in inspector.get_columns("tasks")}
