// Elements without a framework.
const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  check: "M4 10.5l4 4 8-9",
  plus: "M10 4v12M4 10h12",
  search: "M9 15A6 6 0 1 0 9 3a6 6 0 0 0 0 12zM13.5 13.5L17 17",
  upcoming: "M4 6h12v10H4zM4 9h12M7 4v3M13 4v3",
  close: "M5 5l10 10M15 5L5 15",
  trash: "M4 6h12M8 6V4h4v2M6 6l.7 10h6.6L14 6",
  more: "M5 8l5 5 5-5",
  repeat: "M4 9a5 5 0 0 1 5-4h6l-2-2M16 11a5 5 0 0 1-5 4H5l2 2",
  notes: "M4 6h12M4 10h12M4 14h7",
  user: "M10 10a3 3 0 1 0 0-6 3 3 0 0 0 0 6zM4 17c0-3 2.7-5 6-5s6 2 6 5",
  keyboard: "M3 6h14v9H3zM6 9h.01M9 9h.01M12 9h.01M14.5 9h.01M7 12h6",
  tasks: "M4 6l1.5 1.5L8 5M11 6h5M4 13l1.5 1.5L8 12M11 13h5",
  today: "M10 6a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM10 2v1M10 17v1M3 10H2M18 10h-1M5 5l-.7-.7M15.7 15.7L15 15M5 15l-.7.7M15.7 4.3L15 5",
  done: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM7 10.5l2 2 4-5",
  restore: "M5 8a6 6 0 1 1-1 4M5 4v4h4",
  wait: "M10 17a7 7 0 1 0 0-14 7 7 0 0 0 0 14zM10 6v4l3 2",
};

/**
 * Make an element: `el("button", {class: "plain", onclick: close}, "Close")`. Names with a dash, and
 * `role`, `for` and `list`, are attributes; the others are properties. What is null is left out.
 */
export function el(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === null || value === undefined) continue;
    if (name === "class") element.className = value;
    else if (name === "data") Object.assign(element.dataset, value);
    else if (name.includes("-") || ["role", "for", "list"].includes(name)) element.setAttribute(name, value);
    else element[name] = value;
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 20 20");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

/** A button that is an icon, with a name for whoever does not see it. */
export function iconButton(name, label, onclick, more = {}) {
  return el("button", { type: "button", class: "icon-button", "aria-label": label, title: label, onclick, ...more }, icon(name));
}

export function button(text, onclick, kind = "") {
  return el("button", { type: "button", class: `button ${kind}`, onclick }, text);
}

/** A field with its label: `field("Name", {autocomplete: "name"})`; its input is `.input`. */
export function field(label, properties = {}, { tag = "input", hint = "", children = [] } = {}) {
  const id = properties.id ?? `f${(count += 1)}`;
  const described = hint ? `${id}-hint` : null;
  const input = el(tag, { "aria-describedby": described, ...properties, id }, children);
  const whole = el("div", { class: "field" }, el("label", { for: id }, label), input);
  if (hint) whole.append(el("p", { class: "hint", id: described }, hint));
  return Object.assign(whole, { input });
}
let count = 0;

/** Show a modal dialog with a title; focus returns to where it was. */
export function dialog(title, ...children) {
  const before = document.activeElement;
  const id = `d${(count += 1)}`;
  const shown = el("dialog", { "aria-labelledby": id });
  shown.append(
    el("header", {}, el("h2", { id }, title), iconButton("close", "Close", () => shown.close())),
    ...children,
  );
  shown.addEventListener("close", () => {
    shown.remove();
    before?.focus?.();
  });
  // A click beside it closes it, too.
  shown.addEventListener("click", (event) => event.target === shown && shown.close());
  document.body.append(shown);
  shown.showModal();
  return shown;
}

/** Say something below, with something to do about it, until it is dismissed or said anew. */
export function toast(text, action, act, dismiss) {
  const close = () => place.replaceChildren();
  const place = document.getElementById("toast");
  place.replaceChildren(
    el("div", { class: "toast" },
      el("span", {}, text),
      action ? button(action, () => { close(); act(); }) : null,
      iconButton("close", dismiss, close)),
  );
}
