"""GET /openapi.json and /docs"""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from unittest import mock

import flask_smorest
import pytest
from flask import url_for
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import validate
from werkzeug.routing import Rule

from taskapp import create_app
from tests.accounts import people
from tests.problems import assert_problem


def test_the_document_is_valid_openapi_3_1(stranger):
    document = stranger.get("/openapi.json").json

    validate(document)
    assert document["openapi"].startswith("3.1")


def test_every_route_is_in_the_document_and_the_other_way_round(app, stranger):
    document = stranger.get("/openapi.json").json
    documented = {
        (method.upper(), path) for path, item in document["paths"].items() for method in item
        if method != "parameters"
    }  # fmt: skip

    # Its further addresses (dialects) are those of a route that is documented.
    firsts = {rule.endpoint: rule for rule in reversed(list(app.url_map.iter_rules()))}
    routed = {
        (method, re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule.rule))
        for rule in firsts.values()
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}
        if not rule.endpoint.startswith(("docs.", "api-docs.", "client."))
    }

    assert documented == routed


def watched(owner, name):
    return mock.patch.object(owner, name, autospec=True, side_effect=getattr(owner, name))


def test_what_takes_long_to_make_waits_until_somebody_asks_for_it(environ, stranger):
    with (
        watched(flask_smorest.Blueprint, "register_views_in_doc") as document,
        watched(Rule, "_compile_builder") as address,
    ):
        app = create_app(environ)
        assert not document.called
        assert not address.called

        assert app.test_client().get("/openapi.json").json == stranger.get("/openapi.json").json
        with app.test_request_context():
            assert url_for("tasks.list_tasks", user_id="a b") == "/api/a%20b/tasks"
        assert document.called
        assert address.call_count == 1


def test_the_document_is_complete_for_all_who_ask_at_once(environ, stranger):
    app = create_app(environ)
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: app.test_client().get("/openapi.json"), range(4)))

    assert {answer.data for answer in answers} == {stranger.get("/openapi.json").data}


def assert_documented(document, path, method, answer):
    """Assert that the answer is one of success that the document promises, with all its fields."""
    promised = document["paths"][path][method]["responses"]
    success = {status for status in promised if status < "400"}
    assert {str(answer.status_code)} <= success <= {str(answer.status_code), "304"}, (method, path)
    if not path.startswith("/api/"):
        return
    about = promised[str(answer.status_code)]["content"]["application/json"]["schema"]
    OAS31Validator({**about, "components": document["components"]}).validate(answer.json)
    name = about.get("items", about).get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, about)
    one = answer.json[0] if isinstance(answer.json, list) else answer.json
    assert one.keys() - {"refresh_token"} == set(schema["required"]), (method, path)


BODY = {"title": "t", "operations": [], "name": "Script", "scopes": ["tasks:read"]}


def secrets_of(alice):
    """Let Alice have a token and a feed, and return what stands for them in paths."""
    token = alice.post(f"/api/{alice.id}/tokens", json=BODY).json
    feed = alice.post(f"/api/{alice.id}/feeds").json
    secret = feed["url"].rpartition("/")[2].removesuffix(".ics")
    return {"token_id": token["id"], "feed_id": feed["id"], "secret": secret}


def test_what_is_answered_with_success_is_documented(alice):
    document = alice.get("/openapi.json").json
    for path, item in document["paths"].items():
        for method in sorted(item.keys() & {"get", "put", "patch", "post", "delete"}):
            if path.startswith("/api/auth"):
                continue  # these need an account
            task = alice.has_task()
            if path.endswith("/restore"):
                alice.delete(task["url"])
            secrets = secrets_of(alice)
            url = path.format(user_id=alice.id, task_id=task["id"], **secrets)
            body = {} if method == "get" else {"json": BODY}

            answer = alice.open(f"{url}?since=0", method.upper(), **body)
            alice.delete(f"/api/{alice.id}/feeds/{secrets['feed_id']}")
            alice.delete(f"/api/{alice.id}/tokens/{secrets['token_id']}")

            assert_documented(document, path, method, answer)


def test_what_an_account_is_answered_with_success_is_documented(app, stranger):
    document = stranger.get("/openapi.json").json
    credentials = {"email": people.new_email(), "password": people.PASSWORD}
    tokens = {}
    for end, body in [
        ("register", credentials),
        ("login", credentials),
        ("refresh", tokens),
        ("logout", tokens),
        ("login", credentials),
    ]:
        answer = people.post(app, end, body)
        assert_documented(document, f"/api/auth/{end}", "post", answer)
        tokens["refresh_token"] = answer.json.get("refresh_token")
        bearer = {"Authorization": f"Bearer {answer.json.get('access_token')}"}
    for method in ("get", "delete"):
        body = {"data": json.dumps(credentials), "content_type": "application/json"}
        answer = stranger.open("/api/auth/me", method, headers=bearer, **body)
        assert_documented(document, "/api/auth/me", method, answer)


def test_a_body_that_may_be_left_out_is_documented_so(alice):
    for path, item in alice.get("/openapi.json").json["paths"].items():
        body = item.get("post", {}).get("requestBody")
        if body:
            refused = alice.post(path.format(user_id=alice.id)).status_code == 422
            assert body.get("required", False) == refused, path


def test_what_may_go_wrong_with_any_request_of_a_user_is_documented(stranger):
    paths = stranger.get("/openapi.json").json["paths"]
    for path, item in paths.items():
        for method in item.keys() & {"get", "put", "patch", "post", "delete"}:
            operation = item[method]
            expected = {401, 403, 404, 422, 429, 500, 503}
            expected |= {400, 408, 413, 415} if "requestBody" in operation else set()
            if path.startswith("/api/{user_id}"):
                assert {str(status) for status in expected} <= operation["responses"].keys(), path


def test_operation_ids_are_stable(stranger):
    paths = stranger.get("/openapi.json").json["paths"]

    ids = [
        operation.get("operationId")
        for item in paths.values()
        for method, operation in item.items()
        if method != "parameters"
    ]
    assert None not in ids
    assert len(set(ids)) == len(ids)
    assert {"listTasks", "createTask", "getTask", "updateTask", "patchTask", "deleteTask",
            "completeTask"} <= {*ids}  # fmt: skip


def test_what_decorators_and_blueprints_add_is_documented(stranger):
    paths = stranger.get("/openapi.json").json["paths"]
    change = paths["/api/{user_id}/tasks/{task_id}"]["put"]
    changes = paths["/api/{user_id}/tasks/changes"]["get"]

    assert {"If-Match", "Idempotency-Key"} <= {each.get("name") for each in change["parameters"]}
    assert {"400", "401", "403", "404", "412", "413", "415", "422"} <= change["responses"].keys()
    assert {"401", "410"} <= changes["responses"].keys()
    assert paths["/health"]["get"]["security"] == []
    operations = [each for path in paths.values() for each in path.values() if "responses" in each]
    assert not any("default" in each["responses"] for each in operations)


@pytest.mark.parametrize(
    ("header", "answers"),
    [
        ("If-None-Match", {"304", "400"}),
        ("If-Match", {"400", "412"}),
        ("Idempotency-Key", {"400", "410", "413", "415", "422"}),
    ],
)
def test_whatever_takes_a_header_documents_what_may_be_answered_to_it(stranger, header, answers):
    paths = stranger.get("/openapi.json").json["paths"]
    taking = [
        operation["responses"].keys()
        for path, item in paths.items()
        for operation in item.values()
        if path.startswith("/api/")
        and "responses" in operation
        and header in {each.get("name") for each in operation.get("parameters", [])}
    ]

    assert taking
    assert all(answers <= documented for documented in taking)


def test_every_documented_problem_is_one_of_ours(stranger):
    components = stranger.get("/openapi.json").json["components"]["responses"]

    assert {"UNAUTHORIZED", "NOT_FOUND", "PRECONDITION_FAILED"} <= components.keys()
    for name in components.keys() - {"NOT_MODIFIED"}:
        assert components[name]["content"].keys() == {"application/problem+json"}


def with_settings(environ, **settings):
    app = create_app(environ | settings)
    return app.test_client().get("/openapi.json", base_url="https://tasks.example.com").json


def operations(document):
    return [each for path in document["paths"].values() for each in path.values() if "tags" in each]


def test_nothing_is_filled_in_that_changes_what_an_operation_does(stranger):
    """Swagger UI sends the examples and defaults of all parameters, as they come."""
    for operation in operations(stranger.get("/openapi.json").json):
        for parameter in operation.get("parameters", []):
            if not parameter.get("required"):
                assert "example" not in parameter, parameter
                assert "example" not in parameter["schema"], parameter
                default = parameter["schema"].get("default")
                assert default in (None, "all", "events", "json", False, 0, 1000), parameter


@pytest.mark.parametrize("outside", ["", "https://login.example.com"])
def test_every_group_is_described_and_every_component_is_used(environ, outside):
    document = with_settings(environ, BETTER_AUTH_URL=outside)
    text = json.dumps(document)

    described = {tag["name"]: tag["description"] for tag in document["tags"]}
    assert set(described) == {tag for each in operations(document) for tag in each["tags"]}
    assert all(described.values())
    for kind in document["components"].keys() - {"securitySchemes"}:
        for name in document["components"][kind]:
            assert f'"#/components/{kind}/{name}"' in text, (kind, name)


def test_all_that_has_to_do_with_accounts_is_one_group(stranger):
    paths = stranger.get("/openapi.json").json["paths"]

    auth = {path: item for path, item in paths.items() if "/auth/" in path}
    tags = [each["tags"] for each in operations({"paths": auth})]
    assert tags
    assert all(each == ["accounts"] for each in tags)


def test_how_to_prove_who_one_is_depends_on_the_login(environ):
    own = with_settings(environ)
    outside = with_settings(environ, BETTER_AUTH_URL="https://login.example.com")

    schemes = own["components"]["securitySchemes"]
    assert "POST /api/auth/login" in schemes["bearerAuth"]["description"]
    assert "flask token alice" in schemes["bearerAuth"]["description"]
    assert schemes["signIn"]["flows"]["password"]["tokenUrl"] == "/api/auth/login"
    assert own["security"] == [{"bearerAuth": []}, {"signIn": []}]
    schemes = outside["components"]["securitySchemes"]
    assert "https://login.example.com/api/auth/token" in schemes["bearerAuth"]["description"]
    assert "flask token" not in schemes["bearerAuth"]["description"]
    assert outside["security"] == [{"bearerAuth": []}]
    assert "signIn" not in schemes


def test_an_import_knows_where_the_document_is_from(environ):
    assert with_settings(environ)["servers"] == [{"url": "https://tasks.example.com"}]


def test_the_headers_of_answers_are_described(stranger, alice):
    document = stranger.get("/openapi.json").json
    headers, responses = (document["components"][kind] for kind in ("headers", "responses"))

    assert all(header["description"] for header in headers.values())
    for operation in operations(document):
        for response in operation["responses"].values():
            name = response.get("$ref", "").rpartition("/")[2]
            described = (responses[name] if name else response)["headers"]
            assert "X-Request-ID" in described
    assert "WWW-Authenticate" in responses["UNAUTHORIZED"]["headers"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= (
        responses["TOO_MANY_REQUESTS"]["headers"].keys()
    )
    assert "Retry-After" in responses["SERVICE_UNAVAILABLE"]["headers"]


def test_the_docs_need_nothing_from_outside(stranger):
    page = stranger.get("/docs")

    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for url in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert url.startswith("/docs/")
        assert stranger.get(url).status_code == 200


@pytest.mark.parametrize(
    "name",
    ["x" * 300, "x" * 3000, "ü" * 200, "none.js", "docs.js/x", "a%00b", "%ff", "a\\b",
     "../openapi.py", "..%2fopenapi.py", "%2e%2e/openapi.py", "/etc/passwd", "."],
)  # fmt: skip
def test_a_file_that_the_docs_do_not_have_is_a_404(stranger, name):
    assert_problem(stranger.get(f"/docs/{name}"), 404)
