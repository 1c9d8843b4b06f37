// The two dialogs: a modal that the app opened, and "are you sure". The browser's own <dialog> keeps the focus inside.

import { act } from "./door.js";
import { byId, make } from "./dom.js";
import { drawBlocks, typedIn } from "./blocks.js";

const modal = byId("modal");
const sure = byId("confirm");
let shown = "";

export function showModal(view, me, desk) {
  const signature = view ? JSON.stringify(view) : "";
  if (signature === shown) return;
  const typed = shown && modal.firstChild ? typedIn(modal) : {};
  const isSameView = view && modal.dataset.view === view.view_id;
  shown = signature;
  if (!view) {
    modal.close();
    modal.replaceChildren();
    return;
  }
  modal.dataset.view = view.view_id;
  modal.replaceChildren(form(view, me, desk));
  if (isSameView) putBack(typed);
  if (!modal.open) modal.showModal();
}

function form(view, me, desk) {
  const leave = () => act("close", { as: me.id });
  const title = make("h2", { id: "modal-title" }, view.title.text);
  const cross = make("button", { type: "button", class: "cross", "aria-label": "Close", onclick: leave }, "×");
  const close = make("button", { type: "button", class: "button", onclick: leave }, view.close?.text ?? "Close");
  const send = view.submit ? make("button", { type: "submit", class: "button primary" }, view.submit.text) : null;
  const form = make("form", { novalidate: true }, make("header", {}, title, cross));
  form.append(make("div", { class: "modal-body" }, ...drawBlocks(view.blocks, desk)), make("footer", {}, close, send));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send?.setAttribute("aria-busy", "true");
    const reply = await act("submit", { as: me.id, values: typedIn(form) });
    send?.removeAttribute("aria-busy");
    sayProblems(reply.errors);
  });
  return form;
}

function sayProblems(errors) {
  for (const place of modal.querySelectorAll("[data-problem]")) place.textContent = errors[place.dataset.problem] ?? "";
  const first = Object.keys(errors)[0];
  if (first) byId(`input-${first}`)?.focus();
}

function putBack(typed) {
  for (const field of modal.querySelectorAll("[data-action]")) {
    const value = typed[field.dataset.action];
    if (value === undefined || value === null) continue;
    if (field.type === "checkbox") field.checked = value.includes(field.value);
    else if (field.type === "radio") field.checked = value === field.value;
    else field.value = value;
  }
}

export function onModalEscape(leave) {
  modal.addEventListener("cancel", (event) => {
    event.preventDefault();
    leave();
  });
  modal.addEventListener("close", () => shown && leave()); // the browser lets nobody be kept in a dialog
}

// Resolves to true when the person confirms. Escape means no.
export function areYouSure(confirm) {
  return new Promise((resolve) => {
    const answer = (yes) => {
      sure.close();
      resolve(yes);
    };
    const style = confirm.style === "danger" ? "danger" : "primary";
    sure.replaceChildren(
      make("header", {}, make("h2", { id: "confirm-title" }, confirm.title.text)),
      make("div", { class: "modal-body" }, make("p", {}, confirm.text.text)),
      make(
        "footer",
        {},
        make("button", { type: "button", class: "button", onclick: () => answer(false) }, confirm.deny.text),
        make("button", { type: "button", class: `button ${style}`, onclick: () => answer(true) }, confirm.confirm.text),
      ),
    );
    sure.addEventListener("cancel", () => resolve(false), { once: true });
    sure.showModal();
  });
}
