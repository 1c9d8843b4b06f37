// The page: keeps what one member sees up to date, and sends what they do. Start reading here.

import { act, read } from "./door.js";
import { byId, make } from "./dom.js";
import { drawBlocks, typedIn } from "./blocks.js";
import { mrkdwn } from "./mrkdwn.js";
import { areYouSure, onModalEscape, showModal } from "./dialogs.js";
import { startComposer } from "./composer.js";
import * as sides from "./sides.js";

let members = [];
let me = null;
let listening = null; // aborts the waiting request when somebody else is chosen
let drawn = new Map(); // ts -> { signature, node }
const mailSeen = new Map();
const timeline = byId("timeline");

async function start() {
  const world = await read("members");
  members = world.members;
  byId("company").textContent = world.company;
  const wanted = members.find((member) => member.id === location.hash.slice(1)) ?? (await somebodyWithMail());
  sides.drawPeople(members, wanted.id, become);
  sides.startClock(() => me);
  sides.startFaults();
  startComposer(world.commands, send);
  startTabs();
  onModalEscape(() => act("close", { as: me.id }));
  const closeDrawers = sides.startDrawers();
  byId("who").addEventListener("click", (event) => event.detail > 0 && closeDrawers()); // arrow keys go on choosing
  become(wanted);
}

// A first visit begins with somebody who has a message to read; with nobody's, at the top of the list.
async function somebodyWithMail() {
  const { mail } = await read("state", { as: members[0].id });
  return members.find((member) => member.story && mail[member.id]) ?? members[0];
}

function become(member) {
  me = member;
  history.replaceState(null, "", `#${member.id}`);
  byId("story").replaceChildren("You are ", make("strong", {}, member.name), `. ${member.story}`);
  drawn = new Map();
  timeline.replaceChildren();
  listening?.abort();
  listening = new AbortController();
  if (byId("tab-home").getAttribute("aria-selected") === "true") act("home", { as: member.id });
  keepListening(member, listening.signal);
}

async function keepListening(member, signal) {
  let version = null;
  let isFirst = true;
  while (!signal.aborted) {
    try {
      const state = await read("state", version === null ? { as: member.id } : { as: member.id, after: version }, signal);
      if (signal.aborted) return;
      if (state.version !== version || state.turning) draw(state, isFirst);
      version = state.version;
      isFirst = false;
    } catch (error) {
      if (signal.aborted) return;
      byId("connection").textContent = "The playground has stopped. Start it again and this page comes back.";
      byId("connection").className = "off";
      await new Promise((resolve) => setTimeout(resolve, 1500));
      version = null;
    }
  }
}

// ---------------------------------------------------------------- drawing what a member sees

function draw(state, isFirst) {
  byId("connection").textContent = state.connected ? "connected" : "not running";
  byId("connection").className = state.connected ? "on" : "off";
  sides.drawClock(state, me);
  sides.drawNotes(state.notes);
  mailSeen.set(me.id, state.mail[me.id] ?? 0);
  sides.drawMail(state.mail, mailSeen);
  drawTimeline(state.messages, isFirst);
  drawHome(state.home);
  showModal(state.modal, me, desk({ view_id: state.modal?.view_id }));
}

function drawTimeline(messages, isFirst) {
  const wasAtEnd = timeline.scrollHeight - timeline.scrollTop - timeline.clientHeight < 80;
  const next = new Map();
  const nodes = [];
  const added = [];
  let day = "";
  for (const message of messages) {
    const newDay = dayOf(message.ts);
    if (newDay !== day) nodes.push(dayLine(newDay));
    day = newDay;
    const signature = JSON.stringify(message);
    const known = drawn.get(message.ts);
    const node = known?.signature === signature ? known.node : messageNode(message);
    if (known && known.node !== node && known.node.contains(document.activeElement)) queueMicrotask(() => node.focus());
    if (known?.node !== node) added.push(message);
    next.set(message.ts, { signature, node });
    nodes.push(node);
  }
  drawn = next;
  place(timeline, nodes.length ? nodes : [emptyState()]);
  const last = added.length ? next.get(added.at(-1).ts).node : null;
  const isTall = last && last.offsetHeight > timeline.clientHeight;
  if (isTall) last.scrollIntoView({ block: "start" });
  else if (isFirst || (last && wasAtEnd)) timeline.scrollTop = timeline.scrollHeight;
  else if (last) last.scrollIntoView({ block: "nearest" });
  if (!isFirst && added.length) announce(added);
}

// Put the nodes in place without moving those that are there already, so that the focus stays where it is.
function place(parent, nodes) {
  nodes.forEach((node, index) => {
    const there = parent.childNodes[index];
    if (there === node || (there?.dataset?.day && there.dataset.day === node.dataset?.day)) return;
    parent.insertBefore(node, there ?? null);
  });
  while (parent.childNodes.length > nodes.length) parent.lastChild.remove();
}

function messageNode(message) {
  const author = { app: "Kindling", slack: "Workspace" }[message.by] ?? me.name;
  const picture =
    message.by === "app" ? make("img", { src: "/icon.svg", alt: "", width: 36, height: 36 })
    : message.by === "slack" ? make("span", { class: "face", "aria-hidden": "true" }, "!")
    : sides.face(me);
  const mark = message.only_you ? make("span", { class: "only-you" }, "Only you can see this") : null;
  const loud = message.in_channel ? make("span", { class: "in-channel" }, "Everybody in the channel sees this") : null;
  const edited = message.edited ? make("small", {}, "edited") : null;
  const head = make("header", {}, make("strong", {}, author), make("time", {}, timeOf(message.ts)), mark, loud, edited);
  const body = make("div", { class: "body" }, head, ...contentOf(message), ...message.files.map(fileNode));
  const kind = `message by-${["app", "slack"].includes(message.by) ? message.by : "me"} ${message.only_you ? "ephemeral" : ""}`;
  return make("article", { class: kind, tabindex: "-1", "data-ts": message.ts, "aria-label": `${author}, ${timeOf(message.ts)}` }, picture, body);
}

function contentOf(message) {
  if (message.blocks.length) return drawBlocks(message.blocks, desk({ ts: message.ts }));
  return message.text ? [make("div", { class: "b-words" }, mrkdwn(message.text, reader()))] : [];
}

function fileNode(file) {
  const address = `/playground/file/${encodeURIComponent(file.id)}?as=${encodeURIComponent(me.id)}`;
  const about = make("small", {}, `${file.name}, ${file.bytes.toLocaleString("en-GB")} bytes`);
  const link = make("a", { class: "button", href: address, download: file.name }, "Download");
  return make("div", { class: "file" }, make("span", {}, file.title || file.name, about), link);
}

function emptyState() {
  const ask = make("button", { type: "button", class: "button primary", onclick: () => send("/ai-stats") }, "Ask for my card");
  return make(
    "div",
    { class: "empty" },
    make("img", { src: "/icon.svg", alt: "", width: 56, height: 56 }),
    make("p", {}, "No messages yet. Kindling writes at most once a week, and only when it has something useful."),
    ask,
    make("p", { class: "quiet" }, "Or move the clock and see what happens."),
  );
}

function drawHome(home) {
  const pane = byId("home");
  const signature = JSON.stringify([me.id, home]);
  if (pane.dataset.signature === signature) return;
  const hadFocus = pane.contains(document.activeElement);
  pane.dataset.signature = signature;
  const words = home ? drawBlocks(home.blocks, desk({ view_id: home.view_id })) : [make("p", { class: "quiet empty" }, "Kindling has not put anything here yet.")];
  pane.replaceChildren(make("div", { class: "home-card" }, ...words));
  if (hadFocus) pane.focus();
}

function announce(messages) {
  const live = byId("live");
  live.textContent = messages.map((message) => message.text).join("\n");
}

// ---------------------------------------------------------------- what a member does

async function send(words) {
  const [command, ...rest] = words.split(/\s+/);
  if (command.startsWith("/")) await attempt("command", { as: me.id, command, text: rest.join(" ") });
  else await attempt("say", { as: me.id, text: words });
}

function desk(place) {
  return {
    reader: reader(),
    confirm: areYouSure,
    press: async (what, node) => {
      node.setAttribute("aria-busy", "true");
      const form = node.closest("form");
      await attempt("press", { as: me.id, ...place, ...what, ...(form ? { typed: typedIn(form) } : {}) });
      node.removeAttribute("aria-busy");
    },
  };
}

// Do it, and say so when it could not be done: the button may have gone in the meantime.
async function attempt(name, what) {
  byId("refused").textContent = "";
  try {
    await act(name, what);
  } catch (error) {
    byId("refused").textContent = `That could not be done (${error.message.replaceAll("_", " ")}).`;
  }
}

function startTabs() {
  const tabs = [byId("tab-messages"), byId("tab-home")];
  const show = (chosen) => {
    for (const tab of tabs) {
      tab.setAttribute("aria-selected", String(tab === chosen));
      tab.tabIndex = tab === chosen ? 0 : -1;
      byId(tab.getAttribute("aria-controls")).hidden = tab !== chosen;
    }
    act("home", { as: me.id, tab: chosen.id === "tab-home" ? "home" : "messages" });
  };
  for (const tab of tabs) {
    tab.addEventListener("click", () => show(tab));
    tab.addEventListener("keydown", (event) => {
      if (!["ArrowLeft", "ArrowRight"].includes(event.key)) return;
      const other = tabs[1 - tabs.indexOf(tab)];
      show(other);
      other.focus();
    });
  }
}

// ---------------------------------------------------------------- saying when and who

function reader() {
  return { timezone: me.timezone, nameOf: (id) => members.find((member) => member.id === id)?.name };
}

const moment = (ts) => new Date(Number(ts) * 1000);
const say = (ts, options) => new Intl.DateTimeFormat("en-GB", { timeZone: me.timezone, ...options }).format(moment(ts));
const timeOf = (ts) => say(ts, { hour: "2-digit", minute: "2-digit" });
const dayOf = (ts) => say(ts, { weekday: "long", day: "numeric", month: "long" });

function dayLine(day) {
  return make("div", { class: "day", "data-day": day }, make("span", {}, day));
}

start();
