"""What reads what clients send, given anything: it answers, or says why not, and never breaks."""

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from taskapp import create_app
from tests.chance import some
from tests.conftest import SECRET, person
from tests.servers import NO_LIMITS, migrate

EXAMPLES = settings(max_examples=some(300), deadline=None)
# What can stand in a header: RFC 9110, section 5.5, and what clients send anyway.
HEADER = st.text(st.characters(max_codepoint=255, exclude_characters="\r\n\0"), max_size=200)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inside: st.lists(inside, max_size=5) | st.dictionaries(st.text(), inside, max_size=5),
    max_leaves=20,
)


def base64url(text: bytes) -> str:
    return base64.urlsafe_b64encode(text).rstrip(b"=").decode()


LIKE_JWTS = st.builds(
    lambda *parts: ".".join(base64url(json.dumps(part).encode()) for part in parts),
    JSON,
    JSON,
    JSON,
) | st.builds(
    lambda header, claims, signature: f"{base64url(header)}.{base64url(claims)}.{signature}",
    st.binary(max_size=60),
    st.binary(max_size=60),
    st.text("abcXYZ012-_=", max_size=50),
)


@pytest.fixture(scope="module")
def alice(tmp_path_factory):
    folder = tmp_path_factory.mktemp("parsers")
    url = f"sqlite:///{folder}/tasks.db"
    environ = {"DATABASE_URL": url, "JWT_SECRET_KEY": SECRET, "INSTANCE_PATH": str(folder)}
    migrate(environ)
    return person(create_app(environ | NO_LIMITS), "alice")


@EXAMPLES
@given(token=LIKE_JWTS | HEADER)
def test_no_token_but_a_real_one_is_accepted(alice, token):
    response = alice.get(alice.tasks_url, headers={"Authorization": f"Bearer {token}"})

    assert response.status_code == 401


@EXAMPLES
@given(query=st.dictionaries(st.sampled_from(["cursor", "limit", "status"]), st.text(max_size=40)))
def test_a_query_is_read_or_refused(alice, query):
    response = alice.get(alice.tasks_url, query_string=query)

    assert response.status_code in (200, 422)


@EXAMPLES
@given(name=st.sampled_from(["If-Match", "If-None-Match", "Idempotency-Key"]), value=HEADER)
def test_a_condition_is_read_or_refused(alice, name, value):
    response = alice.put(f"{alice.tasks_url}/1", json={"title": "t"}, headers={name: value})

    assert response.status_code in (200, 400, 404, 412, 422)


@EXAMPLES
@given(body=JSON.map(lambda value: json.dumps(value).encode()) | st.binary(max_size=300))
def test_a_body_is_read_or_refused(alice, body):
    response = alice.post(alice.tasks_url, data=body, content_type="application/json")

    assert response.status_code in (201, 400, 422)


@EXAMPLES
@given(
    fields=st.fixed_dictionaries({"title": JSON}, optional={"description": JSON, "completed": JSON})
)
def test_fields_of_any_kind_are_read_or_refused(alice, fields):
    response = alice.post(alice.tasks_url, json=fields)

    assert response.status_code in (201, 400, 422)
