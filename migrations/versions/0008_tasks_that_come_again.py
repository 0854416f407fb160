"""tasks that come again"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"

COLUMNS = {
    "recurrence": sa.String(400),
    "recurrence_from": sa.String(10),
    "time_zone": sa.String(64),
    "series_id": sa.String(36),
    "occurrence": sa.Integer(),
    "next_task_id": sa.BigInteger(),
    "next_revision": sa.BigInteger(),
    "anchor": sa.String(40),
    "position": sa.Integer(),
}


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    for name, kind in COLUMNS.items():
        # Again where the index below could not be made.
        op.add_column("tasks", sa.Column(name, kind, nullable=True), if_not_exists=postgresql)
    in_series = sa.text("series_id IS NOT NULL")
    with op.get_context().autocommit_block():
        if postgresql:  # one that an interrupted run has left is not valid
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_tasks_series")
        op.create_index(
            "ix_tasks_series",
            "tasks",
            ["user_id", "series_id", "occurrence"],
            unique=True,
            postgresql_concurrently=True,
            postgresql_where=in_series,
            sqlite_where=in_series,
        )


def downgrade() -> None:
    op.drop_index("ix_tasks_series", "tasks")
    for name in COLUMNS:
        op.drop_column("tasks", name)
