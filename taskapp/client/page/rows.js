// One task in the list, and its details.
import { dueParts, dueText, dayFromNow, isOverdue, whenText } from "./dates.js";
import { button, el, field, icon, iconButton } from "./dom.js";
import { texts } from "./texts.js";

/** Make the row of a task. `actions` is what can be done; `update(task, open)` shows it as it is now. */
export function makeRow(key, actions) {
  const check = el("button", { type: "button", class: "check", role: "checkbox", onclick: () => actions.toggle(key) }, icon("check"));
  const title = el("button", { type: "button", class: "title", onclick: () => edit() });
  const meta = el("div", { class: "meta" });
  const note = el("div", { class: "note", hidden: true });
  const more = iconButton("more", "", () => actions.open(key), { class: "icon-button more" });
  const gone = iconButton("trash", "", () => actions.remove(key));
  const row = el("li", { class: "row", data: { key } },
    el("div", { class: "line" }, check, el("div", { class: "body" }, title, meta), el("div", { class: "tools" }, more, gone)), note);
  let task;
  let details = null;

  function edit() {
    if (task.deleted_at) return;
    const input = el("input", { class: "title-input", value: task.title, maxLength: 255, "aria-label": texts.fields.title });
    let left = false;
    const leave = (keep) => {
      if (left) return;
      left = true;
      const had = document.activeElement === input;
      input.replaceWith(title);
      if (had) title.focus();
      const text = input.value.trim();
      if (keep && text && text !== task.title) actions.change(key, { title: text });
    };
    input.addEventListener("keydown", (event) => {
      if (event.key === "Enter" || event.key === "Escape") {
        event.preventDefault(); // or the title, which has the focus now, would hear of it, too
        leave(event.key === "Enter");
      }
      event.stopPropagation();
    });
    input.addEventListener("blur", () => leave(true));
    title.replaceWith(input);
    input.focus();
    input.select();
  }

  function update(now, open) {
    if (now !== task || open !== Boolean(details)) {
      task = now;
      show(open);
    }
  }

  function show(open) {
    const deleted = Boolean(task.deleted_at);
    row.className = `row p-${task.priority}${task.completed ? " completed" : ""}${open ? " open" : ""}`;
    check.hidden = deleted;
    check.setAttribute("aria-checked", String(task.completed));
    check.setAttribute("aria-label", texts.complete(task.title));
    title.textContent = task.title;
    title.setAttribute("aria-label", deleted ? task.title : texts.editTitle(task.title));
    title.disabled = deleted;
    meta.replaceChildren(...metaOf(task));
    label(more, texts.details(task.title));
    more.hidden = deleted;
    more.setAttribute("aria-expanded", String(open));
    if (deleted) {
      gone.replaceChildren(icon("restore"));
      gone.onclick = () => actions.restore(key);
    }
    label(gone, deleted ? texts.restoreTask(task.title) : texts.remove(task.title));
    showNote();
    if (open && details) details.update(task);
    else if (open) row.append((details = makeDetails(key, task, actions)));
    else {
      details?.remove();
      details = null;
    }
  }

  function showNote() {
    const { refused, conflict } = task.local ?? {};
    note.hidden = !refused && !conflict;
    note.replaceChildren();
    if (refused) {
      const isGone = refused.status === 404;
      note.append(el("p", {}, texts.refused(isGone ? texts.gone : refused.detail)), el("div", { class: "buttons" },
        button(isGone ? texts.keep : texts.tryAgain, () => actions.retry(key)),
        button(texts.discard, () => actions.discard(key), "plain")));
    } else if (conflict) {
      note.append(el("p", {}, texts.conflict), el("dl", {}, Object.keys(conflict.theirs).flatMap((name) => [
        el("dt", {}, texts.fields[name] ?? name),
        el("dd", {}, el("del", {}, shown(name, conflict.theirs[name])), " ", el("ins", {}, shown(name, conflict.mine[name]))),
      ])), el("div", { class: "buttons" },
        button(texts.mine, () => actions.settle(key, "mine")),
        button(texts.theirs, () => actions.settle(key, "theirs"))));
    }
  }

  return { row, update, edit, focus: () => (title.isConnected && !title.disabled ? title : gone).focus() };
}

function label(element, text) {
  element.setAttribute("aria-label", text);
  element.title = text;
}

function metaOf(task) {
  const parts = [];
  const add = (kind, text, name) => parts.push(el("span", { class: `tag ${kind}` }, name ? icon(name) : null, text));
  if (task.due_date) {
    const late = isOverdue(task);
    const text = dueText(task.due_date);
    const soon = dueParts(task.due_date).day === dayFromNow();
    add(late ? "late" : soon ? "soon" : "", late ? `${text} · ${texts.overdue}` : text, "upcoming");
  }
  if (task.recurrence) add("", texts.repeats[task.recurrence] ?? texts.fields.recurrence, "repeat");
  if (["high", "urgent", "low"].includes(task.priority)) add(`priority ${task.priority}`, texts.priorities[task.priority]);
  if (task.category) add("category", task.category);
  for (const tag of task.tags) add("", `#${tag}`);
  const sign = (name, text) => parts.push(el("span", { class: `tag ${name}`, title: text }, icon(name), el("span", { class: "unseen" }, text)));
  if (task.description) sign("notes", texts.fields.description);
  if (task.local?.pending) sign("wait", texts.waiting);
  return parts;
}

function shown(name, value) {
  if (value === null || value === "" || value?.length === 0) return texts.nothing;
  if (name === "due_date") return dueText(value);
  if (name === "priority") return texts.priorities[value] ?? value;
  if (typeof value === "boolean") return value ? texts.yes : texts.no;
  return Array.isArray(value) ? value.join(", ") : String(value);
}

/** The panel below a task: each field is kept as soon as it is left. */
function makeDetails(key, first, actions) {
  let task = first;
  const send = (fields) => actions.change(key, fields);
  const notes = field(texts.fields.description, { rows: 3, maxLength: 10_000, onchange: () => send({ description: notes.input.value || null }) }, { tag: "textarea" });
  const day = field(texts.fields.due_date, { type: "date", max: "9999-12-31", onchange: () => sendDue() });
  const time = field(texts.dueTime, { type: "time", onchange: () => sendDue() });
  const sendDue = () => send({ due_date: day.input.value ? day.input.value + (time.input.value ? `T${time.input.value}` : "") : null });
  const setDay = (value) => {
    day.input.value = value;
    if (!value) time.input.value = "";
    sendDue();
  };
  const quick = el("div", { class: "quick" },
    button(texts.today, () => setDay(dayFromNow()), "small"), button(texts.tomorrow, () => setDay(dayFromNow(1)), "small"),
    button(texts.noDate, () => setDay(""), "small"));
  const words = Object.entries(texts.priorities);
  if (!texts.priorities[task.priority]) words.push([task.priority, task.priority]);
  const priority = field(texts.fields.priority, { onchange: () => send({ priority: priority.input.value }) }, { tag: "select", children: options(words) });
  const category = field(texts.fields.category, { maxLength: 100, list: "categories", onchange: () => send({ category: category.input.value.trim() || null }) });
  const tags = field(texts.fields.tags, { onchange: () => send({ tags: tags.input.value.split(",").map((tag) => tag.trim()).filter(Boolean) }) }, { hint: texts.tagsHint });
  const fields = [notes, el("div", { class: "due" }, day, time, quick), priority];
  // Where the service has no repeating tasks, their field is not there.
  const repeat = "recurrence" in task ? field(texts.fields.recurrence, { onchange: () => sendRepeat() }, { tag: "select" }) : null;
  const sendRepeat = () => {
    const zone = repeat.input.value ? { time_zone: Intl.DateTimeFormat().resolvedOptions().timeZone } : {};
    send({ recurrence: repeat.input.value || null, ...zone });
  };
  if (repeat) fields.push(repeat);
  fields.push(category, tags);
  const created = el("p", { class: "hint" });
  const panel = el("div", { class: "details", role: "group" }, el("div", { class: "fields" }, fields),
    el("div", { class: "foot" }, created, button(texts.close, () => actions.open(null))));

  function update(now) {
    task = now;
    const due = dueParts(task.due_date);
    panel.setAttribute("aria-label", texts.details(task.title));
    put(notes, task.description ?? "");
    put(day, due?.day ?? "");
    put(time, due?.time ?? "");
    put(priority, task.priority);
    put(category, task.category ?? "");
    put(tags, task.tags.join(", "));
    if (repeat) {
      const known = Object.entries(texts.repeats);
      const value = task.recurrence ?? "";
      repeat.input.replaceChildren(...options(value in texts.repeats ? known : [...known, [value, value]]));
      put(repeat, value);
    }
    created.textContent = texts.created(whenText(task.created_at));
  }

  update(first);
  return Object.assign(panel, { update });
}

/** Show a value, unless somebody is writing another right now. */
function put({ input }, value) {
  if (input !== document.activeElement) input.value = value;
}

export function options(pairs) {
  return pairs.map(([value, text]) => el("option", { value }, text));
}
