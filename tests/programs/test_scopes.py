"""What a token for programs may do: each route says which scope it takes, or that it takes none."""

import re

import pytest

from taskapp.auth.programs import SCOPES
from tests.accounts import people
from tests.problems import assert_problem
from tests.programs.people import make, program

READ, WRITE = SCOPES
# A new route needs a line here: the scope that it takes, NEVER, or PUBLIC where it takes no token.
NEVER, PUBLIC = "closed to programs", "takes no token"
TAKES = {
    "sync.list_changes": {"GET": READ},
    "summary.get_summary": {"GET": READ},
    "bulk.change_tasks": {"POST": WRITE},
    "transfer.export_tasks": {"GET": READ},
    "transfer.import_tasks": {"POST": WRITE},
    "tasks.list_tasks": {"GET": READ},
    "tasks.create_task": {"POST": WRITE},
    "tasks.get_task": {"GET": READ},
    "tasks.update_task": {"PUT": WRITE},
    "tasks.patch_task": {"PATCH": WRITE},
    "tasks.delete_task": {"DELETE": WRITE},
    "tasks.restore_task": {"POST": WRITE},
    "tasks.complete_task": {"PATCH": WRITE},
    "programs.list_tokens": {"GET": NEVER},
    "programs.create_token": {"POST": NEVER},
    "programs.revoke_token": {"DELETE": NEVER},
    "feeds.list_feeds": {"GET": NEVER},
    "feeds.create_feed": {"POST": NEVER},
    "feeds.revoke_feed": {"DELETE": NEVER},
    "feed.show_feed": {"GET": PUBLIC},
    "privacy.export": {"GET": NEVER},
    "privacy.erase": {"DELETE": NEVER},
    "accounts.register": {"POST": PUBLIC},
    "accounts.login": {"POST": PUBLIC},
    "accounts.refresh": {"POST": PUBLIC},
    "accounts.logout": {"POST": NEVER},
    "account.me": {"GET": NEVER},
    "account.patch_me": {"PATCH": NEVER},
    "account.delete_me": {"DELETE": NEVER},
    "holder.change_password": {"POST": NEVER},
    "holder.list_sessions": {"GET": NEVER},
    "holder.end_sessions": {"DELETE": NEVER},
    "holder.end_session": {"DELETE": NEVER},
    "client.page": {"GET": PUBLIC},
    "client.file": {"GET": PUBLIC},
    "client.settings": {"GET": PUBLIC},
    "client.service_worker": {"GET": PUBLIC},
    "health.health": {"GET": PUBLIC},
    "health.live": {"GET": PUBLIC},
    "health.ready": {"GET": PUBLIC},
    "docs.page": {"GET": PUBLIC},
    "docs.file": {"GET": PUBLIC},
    "api-docs.openapi_json": {"GET": PUBLIC},
}


def routes(app):
    """Yield each route: its endpoint, its method and an address of it."""
    for rule in app.url_map.iter_rules():
        for method in sorted(rule.methods - {"HEAD", "OPTIONS"}):
            yield rule.endpoint, method, rule.rule


def address(rule, user_id):
    return re.sub("<[^>]*>", "7", rule.replace("<user_id>", user_id))


def lacks_scope(answer, scope=None):
    """Tell whether it was refused for its scope, as RFC 6750 has it."""
    if "insufficient_scope" not in answer.headers.get("WWW-Authenticate", ""):
        return False
    assert_problem(answer, 403, names="This token for a program may not do that")
    named = re.search('scope="([^"]*)"', answer.headers["WWW-Authenticate"])
    assert (named and named[1]) == scope
    return True


def test_every_route_says_which_scope_it_takes(app):
    found = {}
    for endpoint, method, _ in routes(app):
        found.setdefault(endpoint, set()).add(method)

    assert found == {endpoint: set(methods) for endpoint, methods in TAKES.items()}


def test_every_route_takes_the_scope_that_it_says_and_no_other(app, alice):
    by_scope = {scope: program(alice, scope) for scope in SCOPES}
    both = program(alice)
    for endpoint, method, rule in routes(app):
        takes, url = TAKES[endpoint][method], address(rule, alice.id)
        if takes == NEVER:
            for somebody in (*by_scope.values(), both):
                assert lacks_scope(somebody.open(url, method)), (endpoint, method)
        elif takes != PUBLIC:
            for scope, somebody in by_scope.items():
                answer = somebody.open(url, method)
                assert lacks_scope(answer, takes) == (scope != takes), (endpoint, method)
            assert not lacks_scope(both.open(url, method))


def test_the_document_names_the_scopes(app, stranger):
    paths = stranger.get("/openapi.json").json["paths"]
    for endpoint, method, rule in routes(app):
        operation = paths.get(re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", rule), {}).get(method.lower())
        if operation:
            takes = TAKES[endpoint][method]
            named = [each.get("bearerAuth") for each in operation.get("security", [])]
            assert [takes] in named if takes in SCOPES else not any(named), (endpoint, method)


def test_a_missing_scope_is_no_reason_to_sign_in_again(alice, log):
    answer = program(alice, READ).post(alice.tasks_url, json={"title": "t"})

    assert lacks_scope(answer, WRITE)
    assert alice.get(alice.tasks_url).json == []
    (event,) = [line for line in log if line.get("event") == "scope.missing"]
    assert (event["user_id"], event["scope"]) == (alice.id, WRITE)


def test_within_its_scopes_a_program_does_what_its_user_could(alice, bob):
    script = program(alice)
    task = script.has_task()

    assert task["user_id"] == alice.id
    assert script.patch(f"{task['url']}/complete").json["completed"]
    assert script.get("/api/tasks").json == alice.get(alice.tasks_url).json
    assert_problem(script.get(bob.tasks_url), 403, names="Access denied")
    assert_problem(script.get(f"/api/{bob.id}/none"), 403, names="Access denied")
    assert_problem(script.get(f"/api/{alice.id}/none"), 404)
    assert_problem(script.put(alice.tasks_url), 405)


def test_a_program_can_not_sign_anybody_out_or_leave_in_their_name(app):
    alice = people.register(app)
    body = {"name": "Script", "scopes": list(SCOPES)}
    made = alice.client.post(f"/api/{alice.id}/tokens", json=body, headers=alice.headers).json
    headers = {"Authorization": f"Bearer {made['token']}"}

    assert lacks_scope(people.post(app, "logout", headers=headers))
    erased = alice.client.delete(
        "/api/auth/me", json={"password": people.PASSWORD}, headers=headers
    )
    assert lacks_scope(erased)
    assert alice.tasks().status_code == 200


@pytest.mark.parametrize("scope", SCOPES)
def test_a_token_has_the_scopes_that_it_was_made_with(alice, scope):
    made = make(alice, scope)

    assert made["scopes"] == [scope]
    assert alice.get(f"/api/{alice.id}/tokens").json[0]["scopes"] == [scope]
