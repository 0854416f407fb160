"""what other programs call a task"""

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    postgresql = op.get_bind().dialect.name == "postgresql"
    # Again where the index below could not be made.
    op.add_column(
        "tasks", sa.Column("external_id", sa.String(255), nullable=True), if_not_exists=postgresql
    )
    is_there = sa.text("external_id IS NOT NULL")
    with op.get_context().autocommit_block():
        if postgresql:  # one that an interrupted run has left is not valid
            op.execute("DROP INDEX CONCURRENTLY IF EXISTS ix_tasks_external_id")
        op.create_index(
            "ix_tasks_external_id",
            "tasks",
            ["user_id", "external_id"],
            unique=True,
            postgresql_concurrently=True,
            postgresql_where=is_there,
            sqlite_where=is_there,
        )


def downgrade() -> None:
    op.drop_index("ix_tasks_external_id", "tasks")
    op.drop_column("tasks", "external_id")
