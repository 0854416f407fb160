"""Why a change of a task found nothing to do."""

from taskapp import problems
from taskapp.rest.etags import ANY, Precondition
from taskapp.tasks.queries import Row
from taskapp.tasks.schemas import TaskSchema


def refusal(task: Row | None, task_id: int, if_: Precondition) -> problems.Problem:
    """Return why a change found nothing to do; the task is as it is now."""
    # Without a precondition the task has come back just now: too late for this request.
    if task is None or if_ == ANY:
        return problems.NoTask(task_id)
    return problems.Stale(TaskSchema().dump(task))
