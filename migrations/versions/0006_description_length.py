"""description length, validated"""

from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # 0005 looked at no row that was there before. This does, while others write.
        op.execute("ALTER TABLE tasks VALIDATE CONSTRAINT ck_tasks_description_length")


def downgrade() -> None:
    """A constraint that holds for all rows holds for the release before, too."""
