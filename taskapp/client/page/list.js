// The page of somebody who is signed in: views, the list, and what can be done with it.
import { addBox } from "./add.js";
import { showAccount } from "./account.js";
import { dayFromNow } from "./dates.js";
import { button, dialog, el, icon, iconButton, toast } from "./dom.js";
import { headings, matching, summary, tasksOf } from "./question.js";
import { makeRow, options } from "./rows.js";
import { NAME } from "./session.js";
import { texts } from "./texts.js";

const FIRST = 60; // rows that are drawn at once; more come as one scrolls
const MORE = 100;
const SORT = `${NAME}.sort`;
const SINGLE_KEYS = `${NAME}.single-keys`;

/** Show the tasks of `replica` in `place`. */
export function showTasks(place, replica, { user, signOut }) {
  let view = viewOf(location.hash);
  const filter = { search: "", sort: localStorage.getItem(SORT) ?? "newest", priority: "" };
  const stays = new Set(); // checked off or on in this view: they do not jump away
  const rows = new Map();
  const undos = [];
  let openKey = null;
  let limit = FIRST;
  let kept = {};
  let drawn = [];
  let scheduled = false;

  const keyOf = (task) => replica.keyOf(task.id);
  const idOf = (key) => (/^\d+$/.test(key) ? Number(key) : key);
  const taskOf = (key) => replica.get(idOf(key));

  // --- What can be done -----------------------------------------------------------------------

  const actions = {
    toggle(key) {
      const task = taskOf(key);
      if (!task || task.deleted_at) return;
      stays.add(key);
      replica.change(task.id, { completed: !task.completed });
      undos.push(() => replica.change(idOf(key), { completed: task.completed }));
    },
    change: (key, fields) => replica.change(idOf(key), fields),
    open(key) {
      const before = openKey;
      openKey = openKey === key ? null : key;
      draw();
      if (openKey) rows.get(openKey)?.row.querySelector(".details textarea")?.focus({ preventScroll: true });
      else rows.get(before)?.focus();
      rows.get(openKey)?.row.scrollIntoView({ block: "nearest" });
    },
    remove(key) {
      const task = taskOf(key);
      if (!task) return;
      const next = neighbour(key);
      if (openKey === key) openKey = null;
      replica.remove(task.id);
      const undo = () => {
        replica.restore(idOf(key));
        draw();
        rows.get(key)?.focus();
      };
      undos.push(undo);
      draw();
      (rows.get(next) ?? add.input).focus();
      toast(texts.deleted(task.title), texts.undo, undoLast, texts.dismiss);
    },
    restore(key) {
      const { title } = taskOf(key);
      const next = neighbour(key);
      replica.restore(idOf(key));
      draw();
      (rows.get(next) ?? heading).focus();
      toast(texts.restored(title), null, null, texts.dismiss);
    },
    retry: (key) => replica.retry(idOf(key)),
    discard: (key) => replica.discard(idOf(key)),
    settle: (key, choice) => replica.settle(idOf(key), choice),
  };

  function create(fields) {
    const given = { ...fields };
    if (view.name === "category") given.category ??= view.value;
    if (view.name === "tag") given.tags = [...new Set([...(given.tags ?? []), view.value])];
    if (view.name === "today") given.due_date ??= dayFromNow();
    if (view.name === "upcoming") given.due_date ??= dayFromNow(1);
    if (["done", "trash"].includes(view.name)) location.hash = "#tasks";
    if (filter.search || filter.priority) clearFilter();
    replica.create(given);
    said.textContent = texts.added(given.title);
  }

  function undoLast() {
    undos.pop()?.();
    document.getElementById("toast").replaceChildren();
  }

  function clearFilter() {
    filter.search = search.value = "";
    filter.priority = priority.value = "";
    draw();
  }

  function neighbour(key) {
    const at = drawn.findIndex((task) => keyOf(task) === key);
    const next = drawn[at + 1] ?? drawn[at - 1];
    return next && keyOf(next);
  }

  // --- The frame ------------------------------------------------------------------------------

  const add = addBox(create);
  const heading = el("h1", { tabIndex: -1 });
  const count = el("span", { class: "count", role: "status" });
  const said = el("p", { class: "unseen", role: "status" });
  const banner = el("div", { class: "banner", role: "status", hidden: true });
  const list = el("ul", { class: "list", "aria-label": texts.list });
  const empty = el("div", { class: "empty", hidden: true });
  const more = button(texts.more, () => grow(), "plain wide");
  const nav = el("nav", { "aria-label": texts.viewsLabel });
  const dot = el("span", { class: "dot" });
  const state = el("span", { class: "state" });
  const categories = el("datalist", { id: "categories" });
  const search = el("input", {
    type: "search", class: "search-input", placeholder: texts.search, "aria-label": texts.search, autocomplete: "off",
    oninput: () => {
      filter.search = search.value;
      limit = FIRST;
      draw();
    },
  });
  const sort = select(texts.sortBy, texts.sorts, filter.sort, (value) => {
    filter.sort = value;
    localStorage.setItem(SORT, value);
  });
  const priority = select(texts.fields.priority, { "": texts.anyPriority, ...texts.priorities }, "", (value) => (filter.priority = value));
  const name = user.name || user.email || user.id;
  const account = el("button", {
    type: "button", class: "account-button", "aria-label": texts.accountOf(name), title: texts.account,
    onclick: () => showAccount(replica, { user, signOut }),
  }, el("span", { class: "avatar", data: { letter: name.slice(0, 1).toUpperCase() } }), el("span", { class: "who" }, name));

  function select(label, choices, value, chosen) {
    const made = el("select", { "aria-label": label, class: "select" }, options(Object.entries(choices)));
    made.value = value;
    made.onchange = () => {
      chosen(made.value);
      limit = FIRST;
      draw();
    };
    return made;
  }

  place.replaceChildren(el("div", { class: "frame" },
    el("header", { class: "side" },
      el("div", { class: "brand" }, el("span", { class: "logo" }, icon("check")), el("span", {}, texts.app)),
      nav,
      el("div", { class: "side-foot" }, el("span", { class: "sync", role: "status" }, dot, state),
        iconButton("keyboard", texts.keyboard, showKeys, { class: "icon-button keys-button" }), account)),
    el("main", {},
      el("div", { class: "head" }, heading, count),
      add,
      el("div", { class: "tools-bar" }, el("div", { class: "search" }, icon("search"), search), priority, sort),
      banner, said, list, empty, more, categories)));

  // --- Drawing --------------------------------------------------------------------------------

  /** The tasks to show: made anew only where what they are made of has changed. */
  function found() {
    const made = [replica.tasks, replica.trash, view, filter.sort, filter.priority, stays.size, dayFromNow()];
    if (!isOf(made, kept)) {
      kept = { made, tasks: tasksOf(replica, view, filter, (task) => stays.has(keyOf(task))) };
    }
    return matching(kept.tasks, filter.search);
  }

  function draw() {
    const tasks = found();
    drawn = tasks.slice(0, limit);
    drawRows(headings(view, filter.sort));
    const loading = replica.status.loading && !tasks.length && replica.status.online;
    const title = texts.views[view.name] ?? (view.name === "tag" ? `#${view.value}` : view.value);
    heading.textContent = title;
    document.title = `${title} · ${texts.app}`;
    count.textContent = loading ? "" : texts.countOf(tasks.length);
    more.hidden = tasks.length <= limit;
    add.hidden = view.name === "trash";
    sort.hidden = ["done", "trash", "today", "upcoming"].includes(view.name);
    drawEmpty(!tasks.length, loading);
    drawNav();
    drawStatus();
  }

  function drawRows(headingOf) {
    const wanted = [];
    let group = null;
    const left = new Set(rows.keys());
    for (const task of drawn) {
      const key = keyOf(task);
      if (headingOf && headingOf(task) !== group) {
        group = headingOf(task);
        wanted.push(el("li", { class: group === texts.overdue ? "group late" : "group" }, el("h2", {}, group)));
      }
      if (!rows.has(key)) rows.set(key, makeRow(key, actions));
      left.delete(key);
      rows.get(key).update(task, key === openKey);
      wanted.push(rows.get(key).row);
    }
    for (const key of left) rows.delete(key);
    // What goes, goes first: then what stays need not be moved, and keeps the focus.
    const staying = new Set(wanted);
    for (const child of [...list.children]) if (!staying.has(child)) child.remove();
    let at = list.firstChild;
    for (const element of wanted) {
      if (element === at) at = at.nextSibling;
      else list.insertBefore(element, at);
    }
  }

  function drawEmpty(isEmpty, loading) {
    empty.hidden = !isEmpty;
    if (!isEmpty) return;
    if (loading) {
      empty.replaceChildren(el("p", {}, texts.loading));
      return;
    }
    const filtered = filter.search || filter.priority;
    const [title, hint] = texts.empty[filtered ? "search" : view.name];
    empty.replaceChildren(el("p", { class: "empty-title" }, title), el("p", {}, hint));
    if (filtered) empty.append(button(texts.clearSearch, clearFilter));
  }

  let summed = {};
  function drawNav() {
    const made = [replica.tasks, location.hash, dayFromNow()];
    if (isOf(made, summed)) return;
    summed = { made };
    const { views, categories: all, tags } = summary(replica);
    categories.replaceChildren(...all.map(([value]) => el("option", { value })));
    const focused = nav.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
    const links = Object.keys(texts.views).map((key) => link(`#${key}`, texts.views[key], views[key], key));
    const group = (label, kind, entries, sign) => entries.length
      ? [el("h2", {}, label), el("ul", {}, entries.map(([value, open]) => link(`#${kind}/${encodeURIComponent(value)}`, sign + value, open)))] : [];
    nav.replaceChildren(el("ul", {}, links), ...group(texts.categories, "category", all, ""), ...group(texts.tags, "tag", tags, "#"));
    if (focused) [...nav.querySelectorAll("a")].find((each) => each.getAttribute("href") === focused)?.focus();
  }

  function link(href, text, number, sign) {
    const [kind, value] = [view.name, view.value];
    const here = href === `#${kind}${value === undefined ? "" : `/${encodeURIComponent(value)}`}`;
    return el("li", {}, el("a", { href, "aria-current": here ? "page" : null }, sign ? icon(sign) : null,
      el("span", { class: "name" }, text), number ? el("span", { class: "number" }, String(number)) : null));
  }

  function drawStatus() {
    const { online, signedOut, error, pending } = replica.status;
    const [text, action, act] = signedOut ? [texts.signedOut, texts.signIn, () => signOut({ keep: true })]
      : !online ? [texts.offline(pending), texts.tryNow, () => replica.wake()]
        : error ? [texts.trouble(error), texts.tryNow, () => replica.wake()] : [];
    if (banner.dataset.text !== (text ?? "")) {
      banner.dataset.text = text ?? "";
      banner.replaceChildren(...(text ? [el("span", {}, text), button(action, act, "small")] : []));
    }
    banner.hidden = !text;
    const calm = text ? texts.notSynced : pending ? texts.sending(pending) : texts.synced;
    dot.className = `dot ${text ? "bad" : pending ? "busy" : "good"}`;
    if (state.textContent !== calm) state.textContent = calm;
  }

  function grow() {
    limit += MORE;
    draw();
  }

  function later() {
    if (scheduled) return;
    scheduled = true;
    requestAnimationFrame(() => {
      scheduled = false;
      draw();
    });
  }

  // --- Keys -----------------------------------------------------------------------------------

  function move(step) {
    const here = document.activeElement?.closest(".row");
    const all = [...list.querySelectorAll(".row")];
    const next = all[here ? all.indexOf(here) + step : 0];
    if (next) rows.get(next.dataset.key)?.focus();
  }

  const unlessDeleted = (act) => (key) => key && !taskOf(key)?.deleted_at && act(key);
  const keys = {
    n: () => add.input.focus(),
    "/": () => search.focus(),
    j: () => move(1),
    ArrowDown: () => move(1),
    k: () => move(-1),
    ArrowUp: () => move(-1),
    x: (key) => key && actions.toggle(key),
    e: unlessDeleted(actions.open),
    "#": unlessDeleted(actions.remove),
    Delete: unlessDeleted(actions.remove),
    u: undoLast,
    "?": showKeys,
  };
  Object.keys(texts.views).forEach((each, at) => (keys[at + 1] = () => (location.hash = `#${each}`)));

  function onKey(event) {
    const typing = event.target.closest?.("input, textarea, select, dialog");
    if (event.key === "Escape" && typing && !typing.matches("dialog")) {
      if (event.target === search && search.value) clearFilter();
      const inDetails = event.target.closest(".details");
      event.target.blur(); // what was written is kept
      if (inDetails) actions.open(openKey);
      return;
    }
    if (typing || event.ctrlKey || event.metaKey || event.altKey || !keys[event.key]) return;
    if (event.key.length === 1 && localStorage.getItem(SINGLE_KEYS) === "off") return;
    event.preventDefault();
    keys[event.key](event.target.closest?.(".row")?.dataset.key);
  }

  function showKeys() {
    const box = el("input", { type: "checkbox", checked: localStorage.getItem(SINGLE_KEYS) !== "off" });
    box.onchange = () => localStorage.setItem(SINGLE_KEYS, box.checked ? "on" : "off");
    dialog(texts.keyboard,
      el("dl", { class: "keys" }, texts.keys.map(([key, what]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, what)]).flat()),
      el("label", { class: "switch" }, box, texts.singleKeys));
  }

  // --- Beginning and end ----------------------------------------------------------------------

  function onHash() {
    view = viewOf(location.hash);
    stays.clear();
    openKey = null;
    limit = FIRST;
    draw();
    window.scrollTo(0, 0);
  }

  const scrolled = new IntersectionObserver((seen) => seen[0].isIntersecting && !more.hidden && grow(), { rootMargin: "600px" });
  scrolled.observe(more);
  const minute = setInterval(later, 60_000);
  const unsubscribe = replica.subscribe(later);
  document.addEventListener("keydown", onKey);
  addEventListener("hashchange", onHash);
  draw();
  return () => {
    scrolled.disconnect();
    clearInterval(minute);
    unsubscribe();
    document.removeEventListener("keydown", onKey);
    removeEventListener("hashchange", onHash);
  };
}

function isOf(parts, { made }) {
  return made?.every((each, at) => each === parts[at]);
}

function viewOf(hash) {
  const [name, ...rest] = hash.slice(1).split("/");
  if (["category", "tag"].includes(name) && rest.length) return { name, value: decodeURIComponent(rest.join("/")) };
  return { name: name in texts.views ? name : "tasks" };
}
