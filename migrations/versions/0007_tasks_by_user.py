"""tasks by user"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    _key_by("user_id, id")


def downgrade() -> None:
    _key_by("id")


def _key_by(columns: str) -> None:
    """Key the tasks by these columns; nobody waits while the new index is made."""
    if op.get_bind().dialect.name != "postgresql":
        return  # SQLite numbers rows by their key, which has to be one column
    with op.get_context().autocommit_block():
        # One that an interrupted run has left is not valid.
        op.execute("DROP INDEX CONCURRENTLY IF EXISTS pk_tasks_new")
        op.execute(f"CREATE UNIQUE INDEX CONCURRENTLY pk_tasks_new ON tasks ({columns})")
    # The index takes the name of the constraint.
    op.execute(
        sa.text(
            "ALTER TABLE tasks DROP CONSTRAINT pk_tasks,"
            " ADD CONSTRAINT pk_tasks PRIMARY KEY USING INDEX pk_tasks_new"
        )
    )
