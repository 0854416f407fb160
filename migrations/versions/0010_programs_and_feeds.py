"""tokens for programs, and calendar feeds"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    # Without row security, as accounts and sessions: these are found by a secret, before anybody
    # knows whose they are.
    _create(
        "program_tokens",
        sa.Column("scopes", sa.String(255), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
    )
    _create("feeds")


def downgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        # In the order of whoever erases a person.
        op.execute("LOCK TABLE users IN ACCESS EXCLUSIVE MODE")
    op.drop_table("feeds")
    op.drop_table("program_tokens")


def _create(table: str, *more: sa.Column[Any]) -> None:
    op.create_table(
        table,
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer, "sqlite"),
            sa.Identity(always=True),
            nullable=False,
        ),
        sa.Column("user_id", sa.String(255), nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.Column("name", sa.String(100), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        *more,
        sa.ForeignKeyConstraint(
            ["user_id"], ["users.id"], name=op.f(f"fk_{table}_user_id_users"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f(f"pk_{table}")),
        sa.UniqueConstraint("digest", name=op.f(f"uq_{table}_digest")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f(f"ix_{table}_user_id"), table, ["user_id"])
