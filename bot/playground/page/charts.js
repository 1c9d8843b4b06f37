// Draws charts and tables of messages. A chart is for the eye; its numbers stand below it, for everybody, as a table.

import { make } from "./dom.js";

export function chart(block) {
  const { series, axis_config: axes } = block.chart;
  const largest = Math.max(1, ...series.flatMap((one) => one.data.map((point) => point.value)));
  const columns = axes.categories.map((label, index) => column(label, series, index, largest));
  return make(
    "figure",
    { class: "b-chart", "aria-label": block.title },
    make("figcaption", {}, block.title),
    series.length > 1 ? legend(series) : null,
    make("div", { class: "plot", "aria-hidden": "true" }, ...columns),
    make("details", {}, make("summary", {}, "The numbers"), numbers(series, axes)),
  );
}

export function table(block) {
  const [head, ...rows] = block.rows.map((row) => row.map((cell) => cell.text));
  return make("table", { class: "b-table" }, headOf(head), make("tbody", {}, ...rows.map(rowOf)));
}

function column(label, series, index, largest) {
  const bars = series.map((one, place) => {
    const value = one.data[index].value;
    const bar = make("span", { class: `pole tone-of-${place}` });
    bar.style.height = `${(85 * Math.max(0, value)) / largest}%`;
    return make("span", { class: "bar-place" }, value ? make("b", {}, String(value)) : null, bar);
  });
  return make("div", { class: "column" }, make("div", { class: "bars" }, ...bars), make("span", { class: "label" }, label));
}

function legend(series) {
  const names = series.map((one, place) =>
    make("li", {}, make("span", { class: `swatch tone-of-${place}`, "aria-hidden": "true" }), one.name),
  );
  return make("ul", { class: "legend" }, ...names);
}

function numbers(series, axes) {
  const rows = axes.categories.map((label, index) => [label, ...series.map((one) => String(one.data[index].value))]);
  const head = [axes.x_label ?? "", ...series.map((one) => one.name)];
  return make("table", { class: "b-table" }, headOf(head), make("tbody", {}, ...rows.map(rowOf)));
}

function headOf(cells) {
  return make("thead", {}, make("tr", {}, ...cells.map((text) => make("th", { scope: "col" }, text))));
}

function rowOf([first, ...others]) {
  return make("tr", {}, make("th", { scope: "row" }, first), ...others.map((text) => make("td", {}, text)));
}
