"""fields of a task"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

NULLABLE = {
    "due_date": sa.String(40),
    "category": sa.String(50),
    "completed_at": sa.DateTime(timezone=True),
    "due_at": sa.DateTime(timezone=True),
    "folded_title": sa.Text(),
    "folded_description": sa.Text(),
    "folded_category": sa.Text(),
}


def upgrade() -> None:
    sqlite = op.get_bind().dialect.name == "sqlite"
    tags = sa.JSON() if sqlite else sa.ARRAY(sa.Text())
    for name, kind, default in (
        ("priority", sa.String(20), "medium"),
        ("tags", tags, "[]" if sqlite else "{}"),
        ("folded_tags", sa.Text(), ""),
    ):
        op.add_column("tasks", sa.Column(name, kind, nullable=False, server_default=default))
    for name, kind in NULLABLE.items():
        op.add_column("tasks", sa.Column(name, kind, nullable=True))
    _set_description_length(10_000, before=1000)


def downgrade() -> None:
    long = "length(description) > 1000"
    op.execute("UPDATE tasks SET description = substr(description, 1, 1000) WHERE " + long)  # noqa: S608
    _set_description_length(1000, before=10_000)
    for name in ("priority", "tags", "folded_tags", *NULLABLE):
        op.drop_column("tasks", name)


def _set_description_length(length: int, *, before: int) -> None:
    constraint = op.f("ck_tasks_description_length")
    condition = f"length(description) <= {length}"
    kinds = {"existing_type": sa.String(before), "type_": sa.String(length)}
    if op.get_bind().dialect.name == "postgresql":
        op.drop_constraint(constraint, "tasks")
        op.alter_column("tasks", "description", **kinds)
        op.create_check_constraint(constraint, "tasks", condition, postgresql_not_valid=True)
        return
    # SQLite makes the table anew, and would forget which ids were used before.
    used = "SELECT seq FROM sqlite_sequence WHERE name = 'tasks'"
    newest = op.get_bind().scalar(sa.text(used))
    with op.batch_alter_table("tasks", table_kwargs={"sqlite_autoincrement": True}) as tasks:
        tasks.drop_constraint(constraint)
        tasks.alter_column("description", **kinds)
        tasks.create_check_constraint(constraint, condition)
    if newest:
        op.execute("DELETE FROM sqlite_sequence WHERE name = 'tasks'")
        sequence = sa.table("sqlite_sequence", sa.column("name"), sa.column("seq"))
        op.bulk_insert(sequence, [{"name": "tasks", "seq": newest}])
