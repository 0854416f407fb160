"""revisions, undo and idempotency keys"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    # Columns are added to the tables in place: making the tables anew, as SQLite otherwise needs,
    # would forget which ids were used before.
    number = {"type_": sa.BigInteger, "nullable": False, "server_default": "0"}
    for column in ("revision", "purged"):
        op.add_column("users", sa.Column(column, **number))
    op.add_column("users", sa.Column("watched_until", sa.DateTime(timezone=True), nullable=True))
    op.add_column("tasks", sa.Column("revision", **number))
    for column in ("deleted_at", "purged_at"):
        op.add_column("tasks", sa.Column(column, sa.DateTime(timezone=True), nullable=True))
    # The tasks that are there get the numbers that they would have got, one after the other.
    op.execute(
        "UPDATE tasks SET revision = (SELECT count(*) FROM tasks AS earlier"
        " WHERE earlier.user_id = tasks.user_id AND earlier.id <= tasks.id)"
        if op.get_bind().dialect.name == "sqlite"
        else "UPDATE tasks SET revision = numbered.revision FROM (SELECT id, row_number()"
        " OVER (PARTITION BY user_id ORDER BY id) AS revision FROM tasks) AS numbered"
        " WHERE numbered.id = tasks.id"
    )
    op.execute(
        "UPDATE users SET revision = (SELECT count(*) FROM tasks WHERE tasks.user_id = users.id)"
    )
    op.drop_index(op.f("ix_tasks_user_id_id"), "tasks")
    for name, condition in (("live", "deleted_at IS NULL"), ("deleted", "deleted_at IS NOT NULL")):
        where = sa.text(condition)
        op.create_index(
            f"ix_tasks_{name}",
            "tasks",
            ["user_id", "id"],
            postgresql_where=where,
            sqlite_where=where,
        )
    op.create_index("ix_tasks_user_id_revision", "tasks", ["user_id", "revision"], unique=True)
    op.create_table(
        "idempotency_keys",
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("key", sa.String(255), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("status", sa.Integer, nullable=True),
        sa.Column("headers", sa.JSON, nullable=True),
        sa.Column("body", sa.Text, nullable=True),
        sa.PrimaryKeyConstraint("user_id", "key", name=op.f("pk_idempotency_keys")),
    )
    op.create_index(op.f("ix_idempotency_keys_created_at"), "idempotency_keys", ["created_at"])


def downgrade() -> None:
    op.drop_table("idempotency_keys")
    op.drop_index("ix_tasks_user_id_revision", "tasks")
    op.drop_index("ix_tasks_deleted", "tasks")
    op.drop_index("ix_tasks_live", "tasks")
    # Without the column that hides them, deleted tasks would come back.
    op.execute("DELETE FROM tasks WHERE deleted_at IS NOT NULL")
    for column in ("purged_at", "deleted_at", "revision"):
        op.drop_column("tasks", column)
    op.create_index(op.f("ix_tasks_user_id_id"), "tasks", ["user_id", "id"])
    for column in ("watched_until", "purged", "revision"):
        op.drop_column("users", column)
