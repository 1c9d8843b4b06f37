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
  const focused = modal.contains(document.activeElement) ? document.activeElement.dataset.action : undefined;
  modal.dataset.view = view.view_id;
  modal.replaceChildren(form(view, me, desk));
  if (isSameView) putBack(typed);
  if (!modal.open) modal.showModal();
  else ((isSameView && focused ? modal.querySelector(`[data-action="${focused}"]`) : null) ?? byId("modal-title")).focus();
}

function form(view, me, desk) {
  const leave = () => act("close", { as: me.id });
  const title = make("h2", { id: "modal-title", tabindex: "-1" }, view.title.text);
  const cross = make("button", { type: "button", class: "cross", "aria-label": "Close", onclick: leave }, "×");
  const close = make("button", { type: "button", class: "button", onclick: leave }, view.close?.text ?? "Close");
  const send = view.submit ? make("button", { type: "submit", class: "button primary" }, view.submit.text) : null;
  const form = make("form", { novalidate: true }, make("header", {}, title, cross));
  form.append(make("div", { class: "modal-body" }, ...drawBlocks(view.blocks, desk)), make("footer", {}, close, send));
  form.addEventListener("input", (event) => sayRight(event.target));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send?.setAttribute("aria-busy", "true");
    const reply = await act("submit", { as: me.id, values: typedIn(form) });
    send?.removeAttribute("aria-busy");
    sayProblems(reply.errors);
  });
  return form;
}

// Beside each field what is wrong with it, and the focus in the first of them.
function sayProblems(errors) {
  const wrong = [];
  for (const place of modal.querySelectorAll("[data-problem]")) {
    const said = errors[place.dataset.problem] ?? "";
    place.textContent = said;
    const fields = [...place.closest(".b-input").querySelectorAll("[data-action]")];
    for (const field of fields) field.setAttribute("aria-invalid", String(said !== ""));
    if (said) wrong.push(fields.find((field) => field.checked) ?? fields[0]);
  }
  wrong[0]?.focus();
}

// Whoever changes a field has read what was wrong with it.
function sayRight(field) {
  const place = field.closest(".b-input")?.querySelector("[data-problem]");
  if (place) place.textContent = "";
  field.removeAttribute("aria-invalid");
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
