// The message box: Enter sends, "/" lists the commands, arrows choose one, Escape closes the list.

import { byId, make } from "./dom.js";

const input = byId("composer-input");
const list = byId("suggestions");
let commands = [];
let chosen = -1;

// `send(words)` resolves when the words were taken; until then the box is busy.
export function startComposer(known, send) {
  commands = known;
  input.addEventListener("input", suggest);
  input.addEventListener("focus", suggest);
  input.addEventListener("blur", () => setTimeout(hide, 150));
  input.addEventListener("keydown", steer);
  byId("composer").addEventListener("submit", async (event) => {
    event.preventDefault();
    const words = input.value.trim();
    if (!words || input.readOnly) return;
    hide();
    input.readOnly = true;
    try {
      await send(words);
      input.value = "";
    } finally {
      input.readOnly = false;
      input.focus();
      hide();
    }
  });
}

function suggest() {
  const typed = input.value;
  const fitting = commands.filter((known) => typed.startsWith("/") && full(known).startsWith(typed) && full(known) !== typed);
  chosen = -1;
  list.replaceChildren(...fitting.map(option));
  list.hidden = fitting.length === 0;
  input.setAttribute("aria-expanded", String(fitting.length > 0));
  input.removeAttribute("aria-activedescendant");
}

function option(known, index) {
  const take = (event) => {
    event.preventDefault();
    pick(known);
  };
  const attributes = { role: "option", id: `suggestion-${index}`, "aria-selected": "false", onpointerdown: take };
  return make("li", { ...attributes, "data-words": full(known) }, make("code", {}, full(known)), make("span", {}, known.about));
}

function pick(known) {
  input.value = full(known);
  hide();
  input.focus();
}

function steer(event) {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (list.hidden) return;
  if (step) {
    event.preventDefault();
    mark((chosen + step + list.children.length) % list.children.length);
  } else if (event.key === "Escape") {
    hide();
  } else if ((event.key === "Enter" || event.key === "Tab") && chosen >= 0) {
    event.preventDefault();
    input.value = list.children[chosen].dataset.words;
    hide();
  }
}

function mark(index) {
  chosen = index;
  for (const [at, item] of [...list.children].entries()) item.setAttribute("aria-selected", String(at === index));
  input.setAttribute("aria-activedescendant", `suggestion-${index}`);
  list.children[index].scrollIntoView({ block: "nearest" });
}

function hide() {
  list.hidden = true;
  chosen = -1;
  input.setAttribute("aria-expanded", "false");
  input.removeAttribute("aria-activedescendant");
}

const full = (known) => (known.text ? `${known.command} ${known.text}` : known.command);
