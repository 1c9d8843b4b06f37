// Draws the blocks that Kindling sends. A block this page does not know is named, not hidden.

import { make, webAddress } from "./dom.js";
import { mrkdwn } from "./mrkdwn.js";
import { menuButton } from "./menu.js";
import { chart, table } from "./charts.js";

// `desk` has `reader` (see mrkdwn.js), `press({action_id, block_id, value, choose}, element)` and `confirm(confirm)`.
// What is pressed in a form is told with what stands in its fields; one with `dispatch_action` tells each change.
export function drawBlocks(blocks, desk) {
  return blocks.map((block) => draw(block, desk));
}

function draw(block, desk) {
  const artist = BLOCKS[block.type];
  if (artist) return artist(block, desk);
  return make("p", { class: "unknown" }, `This page cannot draw a block of type “${block.type}”.`);
}

const BLOCKS = {
  header: (block) => make("h3", { class: "b-header" }, block.text.text),
  divider: () => make("hr"),
  context: (block, desk) => make("p", { class: "b-context" }, ...between(block.elements.map((e) => words(e, desk)))),
  section,
  actions: (block, desk) =>
    make("div", { class: "b-actions" }, ...block.elements.map((element) => control(element, block, desk))),
  input,
  data_visualization: chart,
  table,
};

function section(block, desk) {
  const body = make("div", { class: "b-text" });
  if (block.text) body.append(make("div", { class: "b-words" }, words(block.text, desk)));
  if (block.fields) {
    const fields = block.fields.map((field) => make("div", { class: "b-field" }, words(field, desk)));
    body.append(make("div", { class: "b-fields" }, ...fields));
  }
  const side = block.accessory ? make("div", { class: "b-side" }, control(block.accessory, block, desk)) : null;
  return make("div", { class: "b-section" }, body, side);
}

function words(object, desk) {
  return object.type === "mrkdwn" ? mrkdwn(object.text, desk.reader) : document.createTextNode(object.text);
}

function between(nodes) {
  return nodes.flatMap((node, index) => (index ? [make("span", { class: "dot", "aria-hidden": "true" }, " · "), node] : [node]));
}

// ---------------------------------------------------------------- elements one can use

function control(element, block, desk) {
  const use = async (node, more) => {
    if (element.confirm && !(await desk.confirm(element.confirm))) return;
    await desk.press({ action_id: element.action_id, block_id: block.block_id, ...more }, node);
  };
  const artist = { button, static_select: picker, overflow: picker, radio_buttons: picker, checkboxes: picker }[element.type];
  if (artist) return artist(element, use);
  return make("span", { class: "unknown" }, `This page cannot draw “${element.type}”.`);
}

function button(element, use) {
  const attributes = { class: `button ${element.style ?? ""}`, "aria-label": element.accessibility_label };
  const press = (event) => use(event.currentTarget, { value: element.value });
  const address = element.url && webAddress(element.url);
  if (address) {
    return make("a", { ...attributes, href: address, target: "_blank", rel: "noopener noreferrer", onclick: press }, element.text.text);
  }
  return make("button", { ...attributes, type: "button", onclick: press }, element.text.text);
}

function picker(element, use) {
  const label = element.type === "overflow" ? "More choices" : (element.initial_option?.text ?? element.placeholder)?.text ?? "Choose";
  const choices = optionsOf(element).map((option) => ({ label: option.text.text, about: option.description?.text, value: option.value }));
  const choose = (value, node) => use(node, { choose: element.type === "checkboxes" ? [value] : value });
  return menuButton(label, choices, choose, element.type === "overflow");
}

function optionsOf(element) {
  return element.options ?? (element.option_groups ?? []).flatMap((group) => group.options);
}

// ---------------------------------------------------------------- inputs of a form

function input(block, desk) {
  const { element } = block;
  const id = `input-${block.block_id}`;
  const hint = block.hint ? make("p", { class: "quiet", id: `${id}-hint` }, block.hint.text) : null;
  const problem = make("p", { class: "problem", id: `${id}-problem`, "data-problem": block.block_id, role: "alert" });
  const described = `${hint ? `${id}-hint ` : ""}${id}-problem`;
  const optional = block.optional ? make("small", {}, " (optional)") : null;
  if (["radio_buttons", "checkboxes", "multi_static_select"].includes(element.type)) {
    const legend = make("legend", {}, block.label.text, optional);
    return make("fieldset", { class: "b-input", "aria-describedby": described }, legend, ...choices(block, id, desk), hint, problem);
  }
  const field = element.type === "static_select" ? select(element) : textField(element);
  if (block.dispatch_action) field.addEventListener("change", () => tell(field, field.value || null, block, desk));
  for (const [name, value] of Object.entries({ id, "data-action": element.action_id, "aria-describedby": described })) {
    field.setAttribute(name, value);
  }
  return make("div", { class: "b-input" }, make("label", { for: id }, block.label.text, optional), field, hint, problem);
}

function textField(element) {
  const attributes = { placeholder: element.placeholder?.text, maxlength: element.max_length, autofocus: element.focus_on_load };
  const type = { datepicker: "date", number_input: "number" }[element.type] ?? "text";
  const limits = { min: element.min_value, max: element.max_value, ...attributes };
  const field = element.multiline ? make("textarea", { rows: 4, ...attributes }) : make("input", { type, ...limits });
  field.value = element.initial_value ?? element.initial_date ?? "";
  return field;
}

function tell(field, choose, block, desk) {
  if (choose !== null) desk.press({ action_id: block.element.action_id, block_id: block.block_id, choose }, field);
}

function select(element) {
  const field = make("select", {}, make("option", { value: "" }, element.placeholder?.text ?? "Choose"));
  const drawn = (options) => options.map((option) => make("option", { value: option.value }, option.text.text));
  field.append(...drawn(element.options ?? []));
  for (const group of element.option_groups ?? []) field.append(make("optgroup", { label: group.label.text }, ...drawn(group.options)));
  field.value = element.initial_option?.value ?? "";
  return field;
}

function choices(block, id, desk) {
  const { element } = block;
  const type = element.type === "radio_buttons" ? "radio" : "checkbox";
  const initial = new Set([element.initial_option, ...(element.initial_options ?? [])].filter(Boolean).map((o) => o.value));
  return element.options.map((option) => {
    const box = make("input", { type, name: id, value: option.value, "data-action": element.action_id });
    box.checked = initial.has(option.value);
    if (block.dispatch_action) box.addEventListener("change", () => tell(box, type === "radio" ? box.value : typedIn(box.form)[box.dataset.action], block, desk));
    const about = option.description ? make("small", {}, option.description.text) : null;
    return make("label", { class: "choice" }, box, make("span", {}, words(option.text, desk), about));
  });
}

// What was typed and chosen in a form, by action id.
export function typedIn(form) {
  const typed = {};
  for (const field of form.querySelectorAll("[data-action]")) {
    const name = field.dataset.action;
    if (field.type === "checkbox") typed[name] = [...(typed[name] ?? []), ...(field.checked ? [field.value] : [])];
    else if (field.type === "radio") typed[name] = field.checked ? field.value : (typed[name] ?? null);
    else typed[name] = field.tagName === "SELECT" ? field.value || null : field.value;
  }
  return typed;
}
