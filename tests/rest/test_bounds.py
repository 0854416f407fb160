"""What is too much is refused with a clear answer, and never a 5xx."""

import json

import pytest

from taskapp.rest import pagination
from tests.chance import some_of
from tests.problems import assert_problem


def nested(depth):
    return '{"title": "t", "x": ' + "[" * (depth - 1) + "]" * (depth - 1) + "}"


def test_objects_inside_each_other_are_bounded(alice):
    accepted = alice.post(alice.tasks_url, data=nested(32), content_type="application/json")
    refused = alice.post(alice.tasks_url, data=nested(33), content_type="application/json")

    assert accepted.status_code == 201
    assert_problem(refused, 400, names="inside each other")


@pytest.mark.parametrize("depth", [1_000, 30_000])
def test_very_deep_json_is_a_400(alice, depth):
    response = alice.post(alice.tasks_url, data=nested(depth), content_type="application/json")

    assert_problem(response, 400)


def test_ten_thousand_keys_are_no_trouble(alice):
    body = {"title": "Buy milk"} | {str(number): 0 for number in range(6_000)}

    response = alice.post(alice.tasks_url, data=json.dumps(body), content_type="application/json")
    too_large = alice.post(
        alice.tasks_url,
        data=json.dumps(body | {f"key {number}": 0 for number in range(10_000)}),
        content_type="application/json",
    )

    assert response.status_code == 201
    assert_problem(too_large, 413)


@pytest.mark.parametrize("place", ["title", "description"])
def test_every_byte_in_a_text_is_stored_or_refused(alice, place):
    for byte in some_of(range(256)):
        # As it stands in JSON: a code point of its own, and a byte that need not be UTF-8.
        for text in (json.dumps(f"a{chr(byte)}b").encode(), b'"a' + bytes([byte]) + b'b"'):
            body = b'{"title": "t", "' + place.encode() + b'": ' + text + b"}"
            response = alice.post(alice.tasks_url, data=body, content_type="application/json")

            assert response.status_code in (201, 400, 422), (byte, response.text)
            if response.status_code == 201:
                assert response.json[place] == json.loads(text)


@pytest.mark.parametrize("name", ["cursor", "limit", "status"])
def test_every_byte_in_a_query_is_read_or_refused(alice, name):
    for byte in some_of(range(256)):
        response = alice.get(f"{alice.tasks_url}?{name}=a%{byte:02x}b")

        assert response.status_code in (200, 422), (byte, response.text)


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match", "Idempotency-Key", "X-Request-ID"])
def test_every_byte_in_a_header_is_read_or_refused(alice, name):
    task = alice.has_task()
    for byte in some_of(set(range(256)) - {0x0A, 0x0D}):  # which end a header
        headers = {name: f"a{chr(byte)}b"}
        response = alice.put(task["url"], json={"title": "t"}, headers=headers)

        assert response.status_code in (200, 400, 412), (byte, response.text)


@pytest.mark.parametrize("name", ["If-Match", "If-None-Match"])
def test_a_precondition_has_at_most_a_hundred_tags(alice, name):
    task = alice.has_task()
    tags = [f'"{number}"' for number in range(1000, 1100)]
    expected = 412 if name == "If-Match" else 200

    fits = alice.put(task["url"], json={}, headers={name: ", ".join(tags)})

    assert fits.status_code == expected
    for method, url in (("PUT", task["url"]), ("GET", task["url"]), ("GET", alice.tasks_url)):
        if (method, name) != ("GET", "If-Match"):  # which reads ignore
            body = {"json": {}} if method == "PUT" else {}
            more = {name: ", ".join([*tags, '"7"'])}
            assert_problem(alice.open(url, method, headers=more, **body), 400, names=name)


def test_queries_that_are_remembered_are_few_and_short(alice):
    for number in range(pagination.REMEMBERED + 3):
        assert alice.get(f"{alice.tasks_url}?limit=1&q={number}").status_code == 200
    alice.get(f"{alice.tasks_url}?category={'x' * 49}&unknown={'x' * 600}")

    assert 0 < len(pagination._remembered) <= pagination.REMEMBERED
    assert max(len(query) for _, query, _ in pagination._remembered) <= 500


def test_a_query_that_was_asked_before_is_answered_as_it_was(alice):
    alice.has_task("a", tags=["x"])
    for _ in range(3):
        assert_problem(alice.get(f"{alice.tasks_url}?limit=0"), 422, names="limit")
        assert len(alice.get(f"{alice.tasks_url}?tags=x&tags=x").json) == 1
        assert alice.get(f"{alice.tasks_url}?tags=x,y").json == []
