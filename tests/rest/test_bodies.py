"""What a body may be besides JSON that makes sense: nothing, null, or compressed."""

import gzip

import pytest

from tests.accounts import people
from tests.problems import assert_problem

JSON = {"content_type": "application/json"}


@pytest.mark.parametrize("coding", ["gzip", "x-gzip", "br", "deflate", "identity, gzip", "GZIP"])
def test_a_compressed_body_is_a_415_that_says_how_to_send_it(alice, coding):
    headers = {"Content-Encoding": coding}
    body = gzip.compress(b'{"title": "t"}')

    response = alice.post(alice.tasks_url, data=body, headers=headers, **JSON)

    assert_problem(response, 415, names="without Content-Encoding")
    assert response.headers["Accept-Encoding"] == "identity"


def test_wherever_a_body_is_read_it_must_not_be_compressed(app, alice):
    headers = {"Content-Encoding": "gzip", "Idempotency-Key": "k"}
    compressed = {"data": gzip.compress(b"{}"), "headers": headers, **JSON}

    assert_problem(alice.put(alice.has_task()["url"], **compressed), 415)
    assert_problem(alice.delete(alice.has_task()["url"], **compressed), 415)
    assert_problem(people.post(app, "login", **compressed), 415)


def test_a_body_of_itself_and_none_are_read(alice):
    identity = {"Content-Encoding": "identity"}

    assert alice.post(alice.tasks_url, json={"title": "t"}, headers=identity).status_code == 201
    url = f"{alice.has_task()['url']}/complete"
    assert alice.patch(url, headers={"Content-Encoding": "gzip"}).status_code == 200


def test_null_is_nothing_where_no_body_is_needed(app, alice):
    task = alice.has_task()
    null = {"data": b"null", **JSON}

    assert alice.patch(f"{task['url']}/complete", **null).json["completed"]
    assert not alice.patch(f"{task['url']}/complete", **null).json["completed"]
    assert people.post(app, "logout", **null).status_code == 200
    assert_problem(people.post(app, "refresh", **null), 401, names="refresh token is needed")


def test_null_is_a_422_where_a_body_is_needed(app, alice):
    null = {"data": b"null", **JSON}

    assert_problem(alice.post(alice.tasks_url, **null), 422)
    assert_problem(alice.put(alice.has_task()["url"], **null), 422)
    assert_problem(people.post(app, "login", **null), 422)


@pytest.mark.parametrize("empty", ["", "  ", None])
def test_an_empty_refresh_token_is_none(app, empty):
    body = {"refresh_token": empty}

    assert_problem(people.post(app, "refresh", body), 401, names="refresh token is needed")
    assert people.post(app, "logout", body).status_code == 200


@pytest.mark.parametrize("name", ['"email\\"', '"', "", "email; x", '""'])
def test_a_form_whose_names_are_broken_is_read_without_these(app, name):
    body = f"--b\r\nContent-Disposition: form-data; name={name}\r\n\r\nx\r\n--b--\r\n"

    answer = app.test_client().post(
        "/api/auth/login", data=body, content_type="multipart/form-data; boundary=b"
    )

    assert_problem(answer, 422)
