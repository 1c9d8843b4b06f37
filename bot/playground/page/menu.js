// A button that opens a short list: selects and overflows in messages. Arrow keys move, Enter chooses, Escape closes.

import { make } from "./dom.js";

let openMenu = null;

export function menuButton(label, choices, choose, isOverflow) {
  const button = make(
    "button",
    { type: "button", class: `button menu-button ${isOverflow ? "overflow" : ""}`, "aria-haspopup": "menu", "aria-expanded": "false" },
    isOverflow ? make("span", { "aria-hidden": "true" }, "•••") : label,
  );
  if (isOverflow) button.setAttribute("aria-label", label);
  const box = make("span", { class: "menu-box" }, button);
  button.addEventListener("click", () => (openMenu?.button === button ? close(true) : open(box, button, choices, choose)));
  button.addEventListener("keydown", (event) => {
    if (event.key === "ArrowDown") {
      event.preventDefault();
      open(box, button, choices, choose);
    }
  });
  return box;
}

function open(box, button, choices, choose) {
  close(false);
  const items = choices.map((choice) => {
    const about = choice.about ? make("small", {}, choice.about) : null;
    const pick = () => {
      close(true);
      choose(choice.value, button);
    };
    return make("button", { type: "button", role: "menuitem", tabindex: "-1", onclick: pick }, choice.label, about);
  });
  const menu = make("div", { class: "menu", role: "menu" }, ...items);
  menu.addEventListener("keydown", (event) => steer(event, items));
  box.append(menu);
  button.setAttribute("aria-expanded", "true");
  openMenu = { button, menu };
  const edge = menu.getBoundingClientRect();
  if (edge.right > innerWidth - 8) menu.classList.add("to-left");
  if (edge.bottom > innerHeight - 8) menu.classList.add("upwards");
  items[0]?.focus({ preventScroll: true });
}

function steer(event, items) {
  const at = items.indexOf(document.activeElement);
  const to = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: items.length - 1 }[event.key];
  if (to !== undefined) {
    event.preventDefault();
    items[(to + items.length) % items.length].focus();
  } else if (event.key === "Escape") {
    event.preventDefault();
    event.stopPropagation();
    close(true);
  } else if (event.key === "Tab") {
    close(false);
  }
}

function close(giveFocusBack) {
  if (!openMenu) return;
  const { button, menu } = openMenu;
  openMenu = null;
  menu.remove();
  button.setAttribute("aria-expanded", "false");
  if (giveFocusBack) button.focus();
}

document.addEventListener("pointerdown", (event) => {
  if (openMenu && !openMenu.menu.parentNode.contains(event.target)) close(false);
});
