// The two sides of the page: who you are on the left; the clock, what happened and the faults on the right.

import { act, read } from "./door.js";
import { byId, make } from "./dom.js";

// ---------------------------------------------------------------- who you are

const MOST_AT_ONCE = 12;

// Everybody, or in a large company those with a story first and the others folded away, with a field to find one.
export function drawPeople(members, meId, choose) {
  const withStory = members.filter((member) => member.story);
  const first = members.length > MOST_AT_ONCE ? withStory : members;
  const others = members.filter((member) => !first.includes(member));
  const row = (member) => person(member, meId, choose);
  byId("who").replaceChildren(...first.map(row), others.length ? folded(others.map(row), others, meId) : "");
}

function person(member, meId, choose) {
  const radio = make("input", { type: "radio", name: "me", value: member.id, onchange: () => choose(member) });
  radio.checked = member.id === meId;
  const place = make("span", { class: "place" }, placeOf(member.timezone));
  const dot = make("span", { class: "new", id: `new-${member.id}`, hidden: true }, make("span", { class: "sr" }, "new message"));
  return make("label", { class: "person" }, radio, face(member), make("span", { class: "name" }, member.name, place), dot);
}

function folded(rows, others, meId) {
  const find = make("input", { type: "search", placeholder: "Find a colleague", "aria-label": "Find a colleague" });
  find.addEventListener("input", () => {
    const wanted = find.value.trim().toLowerCase();
    for (const row of rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
  const summary = make("summary", {}, `${others.length} more colleagues `, make("small", { id: "new-others" }));
  const isOpen = others.some((member) => member.id === meId);
  return make("details", { class: "others", id: "others", open: isOpen }, summary, find, ...rows);
}

export function face(member) {
  const initials = member.name.split(" ").map((part) => part[0]).slice(0, 2).join("");
  const tone = [...member.id].reduce((sum, letter) => sum + letter.charCodeAt(0), 0) % 6;
  return make("span", { class: `face tone-${tone}`, "aria-hidden": "true" }, initials);
}

export const placeOf = (timezone) => timezone.split("/").pop().replaceAll("_", " ");

// A dot beside everybody who has more messages than when you last were them.
export function drawMail(mail, seen) {
  for (const [id, count] of Object.entries(mail)) {
    const dot = byId(`new-${id}`);
    if (dot) dot.hidden = count <= (seen.get(id) ?? 0);
  }
  const others = document.querySelectorAll("#others .new:not([hidden])").length;
  if (byId("new-others")) byId("new-others").textContent = others ? `${others} with a new message` : "";
}

// ---------------------------------------------------------------- the clock

export function drawClock(state, me) {
  const say = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: me.timezone, ...options }).format(new Date(state.now));
  byId("clock-time").textContent = say({ hour: "2-digit", minute: "2-digit" });
  const day = say({ weekday: "long", day: "numeric", month: "long", year: "numeric" });
  byId("clock-day").textContent = `${day}, ${placeOf(me.timezone)}`;
  byId("goto-zone").textContent = `(${placeOf(me.timezone)} time)`;
  const field = byId("goto-input");
  // What somebody typed stays until they press Go, also in the moment in which the focus leaves for the button.
  if (document.activeElement !== field && field.value === (field.dataset.drawn ?? "")) {
    field.value = localInput(state.now, me.timezone);
    field.dataset.drawn = field.value;
  }
  const status = state.turning ? "Kindling is looking at what is due…" : "";
  if (byId("clock-status").textContent !== status) byId("clock-status").textContent = status;
  for (const button of byId("time").querySelectorAll("[data-by], #goto button")) button.disabled = state.turning;
}

// The moment as <input type="datetime-local"> wants it, on a clock in that zone.
function localInput(now, timezone) {
  const options = { timeZone: timezone, dateStyle: "short", timeStyle: "short" };
  return new Intl.DateTimeFormat("sv-SE", options).format(new Date(now)).replace(" ", "T");
}

export function drawNotes(notes) {
  const rows = [...notes].reverse().map((note) => make("li", {}, note));
  byId("notes").replaceChildren(...(rows.length ? rows : [make("li", { class: "quiet" }, "Nothing yet. Move the clock.")]));
}

export function startClock(me) {
  for (const button of document.querySelectorAll("[data-by]")) {
    button.addEventListener("click", () => turn({ by: button.dataset.by, as: me().id }, button));
  }
  byId("goto").addEventListener("submit", (event) => {
    event.preventDefault();
    const field = byId("goto-input");
    field.dataset.drawn = field.value;
    turn({ to: field.value, as: me().id }, event.submitter);
  });
}

async function turn(how, button) {
  const status = byId("clock-status");
  status.textContent = "Turning the clock…";
  try {
    await act("clock", how);
    status.textContent = "";
  } catch (error) {
    status.textContent = `The clock could not be turned: ${error.message}`;
  }
  button?.focus();
}

// ---------------------------------------------------------------- the developers' corner

export async function startFaults() {
  const { kinds, waiting } = await read("faults");
  byId("fault-kinds").replaceChildren(...kinds.map((kind) => make("option", { value: kind }, kind.replaceAll("_", " "))));
  drawOrdered(waiting);
  byId("faults").addEventListener("submit", async (event) => {
    event.preventDefault();
    const form = new FormData(event.target);
    const reply = await act("fault", { method: form.get("method"), kind: form.get("kind"), retry_after_s: 3, wait_s: 4 });
    drawOrdered(reply.waiting);
  });
  for (const button of document.querySelectorAll("[data-do]")) {
    button.addEventListener("click", async () => {
      await act(button.dataset.do);
      drawOrdered((await read("faults")).waiting);
    });
  }
}

function drawOrdered(waiting) {
  const rows = Object.entries(waiting).flatMap(([method, kinds]) => kinds.map((kind) => `${method}: ${kind.replaceAll("_", " ")}`));
  byId("ordered").replaceChildren(...rows.map((row) => make("li", {}, row)));
}

// ---------------------------------------------------------------- drawers on a narrow screen

export function startDrawers() {
  const drawers = [["people", "open-people"], ["time", "open-time"]];
  const shade = byId("shade");
  const close = () => {
    byId("middle").inert = false;
    for (const [drawer, opener] of drawers) {
      const wasOpen = byId(drawer).classList.contains("open");
      byId(drawer).classList.remove("open");
      byId(opener).setAttribute("aria-expanded", "false");
      if (wasOpen) byId(opener).focus();
    }
    shade.hidden = true;
  };
  for (const [drawer, opener] of drawers) {
    byId(opener).addEventListener("click", () => {
      const isOpen = byId(drawer).classList.contains("open");
      close();
      if (isOpen) return;
      byId(drawer).classList.add("open");
      byId(opener).setAttribute("aria-expanded", "true");
      shade.hidden = false;
      byId("middle").inert = true;
      byId(drawer).querySelector("input:checked, button:not(.drawer-close)")?.focus();
    });
  }
  shade.addEventListener("click", close);
  for (const button of document.querySelectorAll(".drawer-close")) button.addEventListener("click", close);
  document.addEventListener("keydown", (event) => event.key === "Escape" && !shade.hidden && close());
  return close;
}
