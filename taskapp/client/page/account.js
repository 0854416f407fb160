// What belongs to the person: password, sessions, data, and the end of it all.
import { button, dialog, el, field } from "./dom.js";
import { whenText } from "./dates.js";
import { createClient } from "./library/index.js";
import { BASE, rename, session, settings, token } from "./session.js";
import { formOf } from "./signin.js";
import { texts } from "./texts.js";

const client = createClient({ baseUrl: BASE, token });

export async function showAccount(replica, { user, signOut }) {
  const kept = settings.accounts && session()?.kind === "account";
  const place = el("div", { class: "sections" });
  const shown = dialog(texts.account, el("p", { class: "identity" }, user.name ? el("strong", {}, user.name) : null, user.email ?? user.id), place);
  const leave = async () => {
    const { pending } = replica.status;
    if (pending && !confirm(texts.unsent(pending))) return;
    shown.close();
    signOut({});
  };
  const links = el("p", { class: "links" }, button(texts.download, () => download(user)), el("a", { href: `${BASE}docs`, class: "button" }, texts.docs));
  place.append(button(texts.signOut, leave, "primary wide"), links);
  if (!kept) return;
  const sessions = await client.listSessions().catch(() => []); // without a network
  place.append(nameForm(user), passwordForm(), sessionList(sessions), deletion(shown, signOut));
}

function section(title, ...children) {
  return el("details", { class: "section" }, el("summary", {}, title), ...children);
}

function nameForm(user) {
  const name = field(texts.name, { name: "name", value: user.name ?? "", maxLength: 255, autocomplete: "name" });
  const form = formOf([name], texts.save, async () => {
    ({ name: user.name } = await client.patchMe({ name: name.input.value.trim() || null }));
    rename({ name: user.name });
    said(form, texts.saved);
  });
  return section(texts.name, form);
}

function passwordForm() {
  const old = currentPassword(texts.oldPassword);
  const fresh = field(texts.newPassword, { type: "password", name: "new_password", required: true, minLength: 8, maxLength: 128, autocomplete: "new-password" }, { hint: texts.passwordHint });
  const form = formOf([old, fresh], texts.changePassword, async () => {
    await client.changePassword({ password: old.input.value, new_password: fresh.input.value });
    form.reset();
    said(form, texts.passwordChanged);
  });
  return section(texts.changePassword, form);
}

function currentPassword(label) {
  return field(label, { type: "password", name: "password", required: true, autocomplete: "current-password" });
}

function said(form, text) {
  form.querySelector(".error").replaceChildren(el("span", { class: "fine" }, text));
}

function sessionList(all) {
  const list = el("ul", { class: "sessions" });
  const item = (each) => {
    const row = el("li", {}, el("span", {}, each.current ? texts.thisSession : texts.otherSession, " ", el("small", {}, texts.since(whenText(each.created_at)))));
    const end = async () => {
      await client.endSession({ session_id: each.id }).catch(() => {});
      row.remove();
    };
    if (!each.current) row.append(button(texts.endSession, end, "small"));
    return row;
  };
  const others = async () => {
    await client.endSessions({ others: true });
    list.replaceChildren(...all.filter((each) => each.current).map(item));
  };
  list.append(...all.map(item));
  return section(texts.sessions, list, all.length > 1 ? button(texts.endOthers, others) : null);
}

async function download(user) {
  const data = await client.exportUser({ user_id: user.id });
  const url = URL.createObjectURL(new Blob([JSON.stringify(data, null, 2)], { type: "application/json" }));
  el("a", { href: url, download: "tasks.json" }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}

function deletion(shown, signOut) {
  const password = currentPassword(texts.password);
  const form = formOf([el("p", { class: "hint" }, texts.deleteAccountHint), password], texts.deleteForGood, async () => {
    await client.deleteMe({ password: password.input.value });
    shown.close();
    signOut({});
  });
  form.querySelector("button").classList.add("danger");
  return section(texts.deleteAccount, form);
}
