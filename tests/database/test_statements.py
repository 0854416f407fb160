"""Statements that are made once, and whose text the driver runs."""

import pytest
import sqlalchemy as sa

from taskapp.database import Prepared, autocommit, dialect


def test_parameters_are_given_in_the_order_of_the_text_however_often_they_are_used(app, alice):
    number, text = sa.bindparam("number", type_=sa.Integer), sa.bindparam("text", type_=sa.Text)
    statement = Prepared(
        sa.select(
            (text + text).label("twice"),
            (number - 1).label("less"),
            sa.literal("always").label("constant"),
            (number * number).label("square"),
        )
    )

    with app.app_context(), autocommit(alice.id):
        for value in (3, 4):
            row = statement.first({"number": value, "text": f"{value}"})
            assert row._asdict() == {
                "twice": f"{value}{value}",
                "less": value - 1,
                "constant": "always",
                "square": value * value,
            }


def test_a_text_that_depends_on_values_is_refused(app, alice):
    statement = Prepared(sa.select(sa.literal(1).in_([1, 2]).label("found")))

    with app.app_context(), autocommit(alice.id):
        if dialect() == "sqlite":
            pytest.skip("SQLAlchemy runs it there")
        with pytest.raises(ValueError, match="depends on values"):
            statement.first({})
