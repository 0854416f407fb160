// The first screen: create an account, sign in, or bring a token.
import { button, el, field, icon } from "./dom.js";
import { isKnown, register, settings, signIn, take, takeFromLogin } from "./session.js";
import { texts } from "./texts.js";

/** Show it in `place`; `done` is called once somebody is signed in. */
export function showSignIn(place, done) {
  const card = el("main", { class: "card" });
  place.replaceChildren(el("div", { class: "welcome" }, card));
  const head = () => [
    el("div", { class: "brand large" }, el("span", { class: "logo" }, icon("check")), texts.app),
    el("p", { class: "slogan" }, texts.slogan),
  ];
  if (settings.accounts) showAccounts(card, head, done, !isKnown());
  else showLogin(card, head, done);
}

function showAccounts(card, head, done, isNew) {
  const title = isNew ? texts.createAccount : texts.signIn;
  const email = field(texts.email, { type: "email", autocomplete: "username", required: true, name: "email" });
  const password = field(texts.password, {
    type: "password", required: true, name: "password", minLength: isNew ? 8 : 1, maxLength: 128,
    autocomplete: isNew ? "new-password" : "current-password",
  }, { hint: isNew ? texts.passwordHint : "" });
  const name = isNew ? field(`${texts.name} (${texts.optional})`, { autocomplete: "name", name: "name", maxLength: 255 }) : null;
  const form = formOf([email, password, name], title, async () => {
    const fields = { email: email.input.value.trim(), password: password.input.value };
    if (isNew) await register({ ...fields, ...(name.input.value.trim() && { name: name.input.value.trim() }) });
    else await signIn(fields);
    done();
  });
  const other = button(isNew ? texts.haveAccount : texts.noAccount, () => showAccounts(card, head, done, !isNew), "plain wide");
  card.replaceChildren(...head(), el("h1", {}, title), form, other);
  email.input.focus();
}

function showLogin(card, head, done) {
  const host = settings.login ? new URL(settings.login).host : settings.tokens ? new URL(settings.tokens).host : "";
  const parts = [...head(), el("h1", {}, texts.signIn)];
  const message = el("p", { class: "error", role: "alert" });
  if (settings.login) parts.push(el("a", { class: "button primary wide", href: settings.login }, texts.signInAt(host)));
  if (settings.tokens) {
    const ask = async (says) => {
      const found = await takeFromLogin().catch(() => false);
      if (found) done();
      else if (says) message.textContent = texts.noSession(host);
    };
    parts.push(button(texts.useSession, () => ask(true), "wide"));
    // Back from the login, or signed in there all along.
    ask(false);
  }
  const token = field(texts.token, { required: true, rows: 4, spellcheck: false, autocomplete: "off" }, { tag: "textarea" });
  const form = formOf([token], texts.continue, async () => {
    if (!take(token.input.value.trim().replace(/^Bearer /, ""))) throw new Error(texts.strangeToken);
    done();
  });
  if (!settings.login && !settings.tokens) parts.push(el("p", { class: "hint" }, texts.noLogin), message, form);
  else parts.push(message, el("details", {}, el("summary", {}, texts.pasteToken), form));
  card.replaceChildren(...parts);
}

/** A form that is sent by `send`, and shows why that was refused, at the field where it can. */
export function formOf(fields, label, send) {
  const message = el("p", { class: "error", role: "alert" });
  const submit = el("button", { class: "button primary wide" }, label);
  const form = el("form", {}, fields, message, submit);
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    message.textContent = "";
    submit.disabled = true;
    form.querySelectorAll("[aria-invalid]").forEach((input) => input.removeAttribute("aria-invalid"));
    try {
      await send();
    } catch (error) {
      message.textContent = error.name === "Unreachable" ? texts.unreachable : error.message;
      const wrong = form.querySelector(Object.keys(error.errors ?? {}).map((name) => `[name="${name}"]`).join() || "never");
      const input = wrong ?? form.querySelector("input, textarea");
      if (wrong) wrong.setAttribute("aria-invalid", "true");
      input.focus();
    } finally {
      submit.disabled = false;
    }
  });
  return form;
}
