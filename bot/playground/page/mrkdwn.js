// Slack's mrkdwn, the part of it that Kindling writes, as elements: *bold*, _italic_, ~strike~, `code`, ```blocks```,
// <address|label>, <@member>, <#channel|name>, <!date^...>. Entities are taken back once, at the very end.

import { make, webAddress } from "./dom.js";

const MARKS = { "*": "strong", _: "em", "~": "s" };
const WORD = /[\p{L}\p{N}]/u;

// `reader` has `timezone` and `nameOf(memberId)`.
export function mrkdwn(text, reader) {
  const fragment = document.createDocumentFragment();
  for (const [index, part] of text.split(/```/).entries()) {
    const isBlock = index % 2 === 1;
    if (isBlock) fragment.append(make("pre", {}, make("code", {}, unescape(part.replace(/^\n/, "")))));
    else fragment.append(...spans(part, reader));
  }
  return fragment;
}

export function unescape(text) {
  return text.replace(/&(lt|gt|amp);/g, (_, name) => ({ lt: "<", gt: ">", amp: "&" })[name]);
}

function spans(text, reader) {
  const found = [];
  let plain = "";
  const flush = () => {
    if (plain) found.push(document.createTextNode(unescape(plain)));
    plain = "";
  };
  for (let at = 0; at < text.length; ) {
    const special = code(text, at) ?? angle(text, at, reader) ?? marked(text, at, reader);
    if (special) {
      flush();
      found.push(special.node);
      at = special.end;
    } else {
      plain += text[at];
      at += 1;
    }
  }
  flush();
  return found;
}

function code(text, at) {
  if (text[at] !== "`") return null;
  const end = text.indexOf("`", at + 1);
  if (end <= at + 1 || text.slice(at, end).includes("\n")) return null;
  return { node: make("code", {}, unescape(text.slice(at + 1, end))), end: end + 1 };
}

function angle(text, at, reader) {
  if (text[at] !== "<") return null;
  const end = text.indexOf(">", at);
  if (end < 0) return null;
  return { node: reference(text.slice(at + 1, end), reader), end: end + 1 };
}

function reference(inside, reader) {
  const [target, label] = split(inside, "|");
  if (target.startsWith("!date^")) return make("time", {}, date(target, label, reader));
  if (target.startsWith("@")) return make("span", { class: "mention" }, `@${reader.nameOf(target.slice(1)) ?? label ?? "someone"}`);
  if (target.startsWith("#")) return make("span", { class: "mention" }, `#${unescape(label ?? target.slice(1))}`);
  if (target.startsWith("!")) return make("span", { class: "mention" }, `@${unescape(label ?? target.slice(1).split("^")[0])}`);
  const address = webAddress(unescape(target));
  const words = unescape(label ?? target);
  if (!address) return document.createTextNode(words);
  return make("a", { href: address, target: "_blank", rel: "noopener noreferrer" }, words);
}

function marked(text, at, reader) {
  const tag = MARKS[text[at]];
  if (!tag || (at > 0 && WORD.test(text[at - 1]))) return null;
  for (let end = at + 1; end < text.length && text[end] !== "\n"; end += 1) {
    if (text[end] !== text[at]) continue;
    const inside = text.slice(at + 1, end);
    const closes = inside && !/^\s|\s$/.test(inside) && !WORD.test(text[end + 1] ?? "");
    if (closes) return { node: make(tag, {}, ...spans(inside, reader)), end: end + 1 };
  }
  return null;
}

// <!date^SECONDS^format with {tokens}^optional link|fallback>
function date(target, fallback, reader) {
  const [, seconds, format = "{date}"] = target.split("^");
  const moment = new Date(Number(seconds) * 1000);
  if (!seconds || Number.isNaN(moment.getTime())) return unescape(fallback ?? "");
  const say = (options) => new Intl.DateTimeFormat("en-GB", { timeZone: reader.timezone, ...options }).format(moment);
  const forms = {
    date_num: { year: "numeric", month: "2-digit", day: "2-digit" },
    date: { year: "numeric", month: "long", day: "numeric" },
    date_short: { year: "numeric", month: "short", day: "numeric" },
    date_long: { weekday: "long", year: "numeric", month: "long", day: "numeric" },
    time: { hour: "2-digit", minute: "2-digit" },
    time_secs: { hour: "2-digit", minute: "2-digit", second: "2-digit" },
  };
  return unescape(format).replace(/\{(\w+?)(_pretty)?\}/g, (whole, name) => (forms[name] ? say(forms[name]) : whole));
}

function split(text, mark) {
  const at = text.indexOf(mark);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + 1)];
}
