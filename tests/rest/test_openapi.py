"""GET /openapi.json and /docs"""

import re

from openapi_spec_validator import validate


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
        if not rule.endpoint.startswith(("docs.", "api-docs."))
    }

    assert documented == routed


def test_operation_ids_are_stable(stranger):
    paths = stranger.get("/openapi.json").json["paths"]

    ids = {
        op["operationId"] for item in paths.values() for op in item.values() if "operationId" in op
    }
    assert {"listTasks", "createTask", "getTask", "updateTask", "patchTask", "deleteTask",
            "completeTask"} <= ids  # fmt: skip


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


def test_every_documented_problem_is_one_of_ours(stranger):
    components = stranger.get("/openapi.json").json["components"]["responses"]

    assert {"UNAUTHORIZED", "NOT_FOUND", "PRECONDITION_FAILED"} <= components.keys()
    for name in components.keys() - {"NOT_MODIFIED"}:
        assert components[name]["content"].keys() == {"application/problem+json"}


def test_the_docs_need_nothing_from_outside(stranger):
    page = stranger.get("/docs")

    assert page.status_code == 200
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    assert "unsafe" not in page.headers["Content-Security-Policy"]
    for url in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert url.startswith("/docs/")
        assert stranger.get(url).status_code == 200
