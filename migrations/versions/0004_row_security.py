"""row security"""

from alembic import op

revision = "0004"
down_revision = "0003"

# Whose rows these are. Accounts and sessions are found by an e-mail or a secret, before anybody
# knows whose they are.
OWNER = {"users": "id", "tasks": "user_id", "idempotency_keys": "user_id"}


def upgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    # Each by itself: whoever holds one table and asks for the next deadlocks with a request that
    # does so in the other order. It can be run again if it stops halfway.
    with op.get_context().autocommit_block():
        for table, column in OWNER.items():
            op.execute(f"DROP POLICY IF EXISTS own_rows ON {table}")
            op.execute(
                f"CREATE POLICY own_rows ON {table}"
                f" USING ({column} = current_setting('taskapp.user_id', true))"
            )
            # It holds for every role but the tables' owner, who runs migrations and `purge`.
            op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")


def downgrade() -> None:
    if op.get_bind().dialect.name != "postgresql":
        return
    with op.get_context().autocommit_block():
        for table in OWNER:
            op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
            op.execute(f"DROP POLICY IF EXISTS own_rows ON {table}")
