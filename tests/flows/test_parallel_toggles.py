"""Two tabs flip one task at the same moment: no flip is lost."""

from concurrent.futures import ThreadPoolExecutor

from tests.chance import some
from tests.servers import new_user_id
from tests.waiting import PATIENCE

CLIENTS = 16
FLIPS = {"sqlite": 10, "postgresql": some(200)}  # for each client


def test_every_flip_counts(service, database_url):
    flips = FLIPS[database_url.partition(":")[0]]
    alice = new_user_id()
    tasks = f"{service.url}/api/{alice}/tasks"
    task = service.session(alice).post(tasks, json={"title": "flip me"}, timeout=PATIENCE).json()

    def flip_often(client: int) -> list[bool]:
        with service.session(alice) as session:
            urls = [f"{tasks}/{task['id']}/complete"] * (flips + client % 2)
            return [session.patch(url, timeout=PATIENCE).json()["completed"] for url in urls]

    with ThreadPoolExecutor(CLIENTS) as pool:
        answers = [answer for answers in pool.map(flip_often, range(CLIENTS)) for answer in answers]

    assert len(answers) == CLIENTS * flips + CLIENTS // 2
    assert abs(answers.count(True) - answers.count(False)) <= 1
    final = service.session(alice).get(f"{tasks}/{task['id']}", timeout=PATIENCE).json()
    assert final["completed"] is (len(answers) % 2 == 1)
