"""how many tasks a user has, where a session began, and what a kept answer is about"""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"

INDEXES = {
    # Serves a user's oldest keys, and those that are too many.
    "ix_idempotency_keys_user_id_created_at": ("idempotency_keys", ["user_id", "created_at"]),
    # Serves the purge.
    "ix_sessions_expires_at": ("sessions", ["expires_at"]),
}


def upgrade() -> None:
    # One table in each transaction: see CONTRIBUTING.
    with op.get_context().autocommit_block():
        # Empty means that nobody has counted yet: the next creation, or purge, does.
        _add("users", sa.Column("task_count", sa.Integer, nullable=True))
        _add("sessions", sa.Column("place", sa.String(64), nullable=True))
        _add("idempotency_keys", sa.Column("task_id", sa.BigInteger, nullable=True))
        for name, (table, columns) in INDEXES.items():
            # One that an interrupted run has left is not valid.
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
            op.create_index(name, table, columns, postgresql_concurrently=True)


def downgrade() -> None:
    with op.get_context().autocommit_block():
        for name, (table, _) in INDEXES.items():
            op.drop_index(name, table, postgresql_concurrently=True, if_exists=True)
        op.drop_column("idempotency_keys", "task_id")
        op.drop_column("sessions", "place")
        op.drop_column("users", "task_count")


def _add(table: str, column: sa.Column[object]) -> None:
    # It can be run again if it stopped halfway.
    if column.name not in {each["name"] for each in sa.inspect(op.get_bind()).get_columns(table)}:
        op.add_column(table, column)
