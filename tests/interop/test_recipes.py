"""docs/authentication.md: the code of the recipes runs, with a real Better Auth and jose."""

import json
import secrets
import subprocess

import pytest

from tests import recipes
from tests.interop.test_better_auth import FOLDER, BetterAuth
from tests.servers import Service
from tests.waiting import PATIENCE

# What a browser does: relative addresses, its cookie, and names that lead to this machine here.
BROWSER = """
const [app, cookie, tasks, user] = process.argv.slice(1);
const ask = globalThis.fetch;
globalThis.fetch = (url, init = {{}}) => {{
  if (!url.startsWith("/")) return ask(url.replace("https://tasks.example.com", tasks), init);
  const own = init.credentials === "include" ? {{ headers: {{ cookie }} }} : {{}};
  return ask(app + url, {{ ...init, ...own }});
}};
{code}
console.log(JSON.stringify(await tasksOf(user).catch((error) => error.message)));
"""
SERVER = """
{code}
const answer = await GET(new Request("https://app.example.com/api/tasks-token"));
console.log(JSON.stringify({{ status: answer.status, ...(await answer.json()) }}));
"""


def node(code, *arguments, **environ):
    done = subprocess.run(
        ["node", "--input-type=module", "-e", code, "--", *arguments],
        cwd=FOLDER,
        env={"PATH": "/usr/local/bin:/usr/bin:/bin", **environ},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def login(tmp_path_factory):
    with BetterAuth(tmp_path_factory.mktemp("login"), "default") as login:
        yield login


@pytest.mark.parametrize("path", ["", "/api/auth"])
def test_the_browser_gets_its_tasks(login, path, tmp_path):
    browser = login.sign_up(f"{secrets.token_hex(6)}@example.com")
    cookie = "; ".join(f"{each.name}={each.value}" for each in browser.cookies)
    settings = recipes.settings("Better Auth inside the Next.js app")
    settings |= {"BETTER_AUTH_URL": login.url + path, "JWT_SECRET_KEY": ""}
    code = BROWSER.format(code=recipes.code("lib/tasks.js"))
    with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path, **settings) as service:
        arguments = (service.url, browser.user_id)

        assert node(code, login.url, cookie, *arguments) == []
        assert node(code, login.url, "", *arguments) == "Please sign in."
        strange = node(code, login.url, cookie, service.url, "somebody-else")
    assert "token" in strange  # the problem's sentence


def test_the_server_needs_what_it_imports(login):
    code = recipes.code("lib/auth.js")
    # As the app has it, but for a database in memory.
    code += "console.log(JSON.stringify(Object.keys(auth.api).includes('getToken')));"

    assert node(code, BETTER_AUTH_SECRET="x" * 32) is True


@pytest.mark.parametrize("signed_in", [True, False])
def test_a_route_signs_by_itself(signed_in, tmp_path):
    settings = recipes.settings("A route of the app's server signs with HS256")
    session = {"user": {"id": "alice-7", "email": "alice@example.com", "name": "Alice"}}
    stub = f"const auth = {{ api: {{ getSession: async () => ({json.dumps(session)}) }} }};"
    if not signed_in:
        stub = "const auth = { api: { getSession: async () => null } };"
    code = recipes.code("app/api/tasks-token/route.js")
    imported = 'import { auth } from "@/lib/auth";'
    assert imported in code
    code = SERVER.format(code=code.replace(imported, stub).replace("export async", "async"))

    answer = node(code, JWT_SECRET_KEY=settings["JWT_SECRET_KEY"])

    if not signed_in:
        assert answer == {"status": 401, "message": "Please sign in."}
        return
    with Service(f"sqlite:///{tmp_path}/tasks.db", tmp_path, **settings) as service:
        session = service.session("alice-7")
        session.headers["Authorization"] = f"Bearer {answer['token']}"
        assert session.get(f"{service.url}/api/alice-7/tasks", timeout=PATIENCE).json() == []
