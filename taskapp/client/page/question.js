// Which tasks are shown, and in which order: what a view, a filter, a search and an order mean.
import { dayFromNow, dueGroup, dueParts } from "./dates.js";

const RANK = { urgent: 0, high: 1, medium: 2, low: 3, none: 4 };
const collator = new Intl.Collator("en", { sensitivity: "base", numeric: true });
const folds = new WeakMap();

/** Text as search compares it: without case and accents. */
const fold = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();

function folded(task) {
  let text = folds.get(task);
  if (text === undefined) {
    text = fold([task.title, task.description ?? "", task.category ?? "", ...task.tags].join("\n"));
    folds.set(task, text);
  }
  return text;
}

/** The tasks that answer a search: every word occurs. */
export function matching(tasks, search) {
  const words = fold(search).split(/\s+/).filter(Boolean);
  return words.length ? tasks.filter((task) => words.every((word) => folded(task).includes(word))) : tasks;
}

/** Whether a task is in a view; one that was just checked off (`stays`) is, until the view is left. */
function isIn(task, { name, value }, stays) {
  if (name === "trash") return true;
  if (name === "done") return task.completed || stays;
  if (task.completed && !stays) return false;
  if (name === "category") return task.category === value;
  if (name === "tag") return task.tags.includes(value);
  if (name === "tasks") return true;
  const day = dueParts(task.due_date)?.day;
  return day !== undefined && (name === "today" ? day <= dayFromNow() : day > dayFromNow());
}

/** The tasks of a view, in order. */
export function tasksOf(replica, view, { sort, priority }, stays) {
  const all = view.name === "trash" ? replica.trash : replica.tasks;
  const found = all.filter((task) => isIn(task, view, stays(task)) && (!priority || task.priority === priority));
  return found.sort(orders[orderOf(view, sort)]);
}

function orderOf({ name }, sort) {
  if (name === "done" || name === "trash") return name;
  return name === "today" || name === "upcoming" ? "due" : sort;
}

const due = (task) => dueParts(task.due_date)?.start ?? Infinity;
const rank = (task) => RANK[task.priority] ?? 2;
const descending = (name) => (one, other) => ((one[name] ?? "") < (other[name] ?? "") ? 1 : -1);
const orders = {
  newest: () => 0, // as the replica has them
  due: (one, other) => (due(one) === due(other) ? rank(one) - rank(other) : due(one) - due(other)),
  priority: (one, other) => rank(one) - rank(other) || (due(one) === due(other) ? 0 : due(one) - due(other)),
  title: (one, other) => collator.compare(one.title, other.title),
  done: descending("completed_at"),
  trash: descending("deleted_at"),
};

/** What returns the heading of a task; null where the order has none. */
export function headings(view, sort) {
  const now = Date.now();
  return orderOf(view, sort) === "due" ? (task) => dueGroup(task, now) : null;
}

/** How many tasks each view has, and which categories and tags there are. */
export function summary(replica) {
  const views = { tasks: 0, today: 0, upcoming: 0 };
  const categories = new Map();
  const tags = new Map();
  const today = dayFromNow();
  for (const task of replica.tasks) {
    const open = task.completed ? 0 : 1;
    if (task.category) categories.set(task.category, (categories.get(task.category) ?? 0) + open);
    for (const tag of task.tags) tags.set(tag, (tags.get(tag) ?? 0) + open);
    views.tasks += open;
    const day = open ? dueParts(task.due_date)?.day : undefined;
    if (day !== undefined) views[day <= today ? "today" : "upcoming"] += 1;
  }
  const listed = (counts) => [...counts].sort(([one], [other]) => collator.compare(one, other));
  return { views, categories: listed(categories), tags: listed(tags) };
}
