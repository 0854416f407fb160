"""Commands for operators."""

import pytest


def test_a_printed_token_is_accepted(app, alice):
    token = app.test_cli_runner().invoke(args=["token", alice.id]).output.strip()

    headers = {"Authorization": f"Bearer {token}"}
    assert alice.get(alice.tasks_url, headers=headers).status_code == 200


@pytest.mark.parametrize("user_id", ["", "x" * 256])
def test_no_token_for_what_cannot_be_a_user_id(app, user_id):
    assert app.test_cli_runner().invoke(args=["token", user_id]).exit_code == 1
