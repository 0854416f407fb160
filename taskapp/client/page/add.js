// One line that becomes a task: "Pay rent tomorrow 9:00 !high #home @Finance".
import { dayOf, dueText } from "./dates.js";
import { el, icon } from "./dom.js";
import { texts } from "./texts.js";

const LONGEST = 255;

/** What a line means: the fields, and the parts of it that were understood. */
export function parse(line, ignored = new Set()) {
  const fields = {};
  const found = [];
  const words = line.trim().split(/\s+/).filter(Boolean);
  const understood = (word, text) => {
    found.push({ word, text });
    return true;
  };
  let time = null;
  const left = words.filter((word, at) => {
    if (ignored.has(word)) return true;
    const [, sign, rest] = word.match(/^([#!@])([\p{L}\p{N}_-]+)$/u) ?? [];
    if (sign === "#") {
      fields.tags = [...(fields.tags ?? []), rest.slice(0, 50)];
      return !understood(word, `#${rest}`);
    }
    if (sign === "!" && rest.toLowerCase() in texts.priorities) {
      fields.priority = rest.toLowerCase();
      return !understood(word, texts.priorities[fields.priority]);
    }
    if (sign === "@") {
      fields.category = rest;
      return !understood(word, rest);
    }
    // A day counts at the end only: "Today show" is a title.
    const rests = words.slice(at + 1).filter((each) => !/^[#!@]./.test(each));
    if (!fields.due_date && dayOf(word) && (rests.length === 0 || (rests.length === 1 && timeOf(rests[0])))) {
      fields.due_date = dayOf(word);
      time = { word };
      return false;
    }
    if (fields.due_date && time && timeOf(word)) {
      fields.due_date += `T${timeOf(word)}`;
      return false;
    }
    return true;
  });
  if (fields.due_date) understood(time.word, dueText(fields.due_date));
  const title = left.join(" ");
  return title ? { fields: { title: title.slice(0, LONGEST), ...fields }, found } : { fields: null, found: [] };
}

function timeOf(word) {
  const [, hour, minute] = word.match(/^([01]?\d|2[0-3]):([0-5]\d)$/) ?? [];
  return hour ? `${hour.padStart(2, "0")}:${minute}` : null;
}

/** The line above the list. `add` is called with the fields of a new task. */
export function addBox(add) {
  const ignored = new Set();
  const chips = el("div", { class: "chips", "aria-live": "polite" });
  const input = el("input", {
    class: "add-input", type: "text", placeholder: texts.add, autocomplete: "off", enterKeyHint: "done",
    maxLength: 1000, "aria-label": texts.add, "aria-describedby": "add-hint",
  });
  const show = () => {
    const { found } = parse(input.value, ignored);
    chips.replaceChildren(...found.map(({ word, text }) => el("button", {
      type: "button", class: "chip", "aria-label": texts.ignore(text),
      onclick: () => {
        ignored.add(word);
        input.focus();
        show();
      },
    }, text, icon("close"))));
  };
  input.addEventListener("input", show);
  // Not below it: what is clicked next would move away under the pointer.
  input.addEventListener("focus", () => (input.placeholder = texts.addHint));
  input.addEventListener("blur", () => (input.placeholder = texts.add));
  const form = el("form", {
    class: "add",
    onsubmit: (event) => {
      event.preventDefault();
      const { fields } = parse(input.value, ignored);
      if (!fields) return;
      add(fields);
      input.value = "";
      ignored.clear();
      show();
    },
  }, el("span", { class: "add-icon" }, icon("plus")), input, chips,
  el("p", { id: "add-hint", class: "unseen" }, texts.addHelp), el("button", { class: "unseen", tabIndex: -1 }, texts.add));
  return Object.assign(form, { input });
}
