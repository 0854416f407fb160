"""Blocks of work, where the connection is not what one hoped for."""

import pytest

from taskapp import cooperation
from tests.problems import assert_problem


def test_connections_that_die_one_after_the_other_are_a_503(app, alice, environ, monkeypatch):
    if environ["DATABASE_URL"].startswith("sqlite"):
        pytest.skip("SQLite's connections do not die")
    monkeypatch.setattr(cooperation, "is_readable", lambda file: True)

    assert_problem(alice.get(alice.tasks_url), 503, names="try again")
    monkeypatch.undo()

    assert alice.get(alice.tasks_url).status_code == 200
