// What the gateway tells of itself, renewed every few seconds.
import { get } from "./api.js";
import { el, svg } from "./dom.js";

const PAUSE_MS = 5000;
const main = document.getElementById("main");
const whole = (value) => value.toLocaleString();
const tenths = (value) => value.toFixed(1);

function section(title, wide, ...content) {
  return el("section", { class: wide ? "wide" : "", "aria-label": title }, el("h2", {}, title), ...content);
}

function table(caption, heads, rows, none) {
  if (!rows.length) return el("p", { class: "none" }, none);
  return el("div", { class: "scroll", tabindex: 0, role: "group", "aria-label": caption }, el("table", {}, el("caption", { class: "hidden" }, caption),
    el("thead", {}, el("tr", {}, ...heads.map((head) => el("th", { scope: "col" }, head)))),
    el("tbody", {}, ...rows.map((cells) => el("tr", {}, ...cells.map((cell, place) =>
      place ? el("td", { class: cell.bad ? "bad" : null }, cell.text ?? cell) : el("th", { scope: "row" }, cell)))))));
}

function duration(seconds) {
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  return minutes < 2880 ? `${Math.floor(minutes / 60)} h ${minutes % 60} min` : `${Math.floor(minutes / 1440)} days`;
}

function chart(minutes) {
  const most = Math.max(1, ...minutes);
  const picture = svg("svg", { class: "chart", viewBox: "0 0 600 100", preserveAspectRatio: "none", role: "img",
    "aria-label": `Requests a minute over the last hour: ${whole(minutes.at(-1))} in this minute, ${whole(most)} at the most` });
  picture.append(svg("line", { x1: 0, x2: 600, y1: 99.5, y2: 99.5 }));
  minutes.forEach((count, place) => {
    const height = count / most * 96;
    picture.append(svg("rect", { x: place * 10 + 1, y: 99 - height, width: 8, height, rx: 1.5 }));
  });
  return el("div", {}, picture, el("p", { class: "none" }, `An hour ago to now; the highest minute has ${whole(most)}.`));
}

function figures(data) {
  const sum = (name) => data.endpoints.reduce((total, each) => total + each[name], 0);
  const search = data.endpoints.find((each) => each.endpoint === "/search");
  const state = data.model_error ? "unreachable" : data.versions.some((each) => each.state === "AVAILABLE") ? "available" : "no version";
  const entries = [
    ["Model", state, state === "available" ? "good" : "bad"],
    ["Version", data.serving_version === null ? "–" : String(data.serving_version), ""],
    ["Products", whole(data.catalogue_products), data.catalogue_stale ? "bad" : ""],
    ["Requests", whole(sum("requests")), ""],
    ["Server errors", whole(sum("server_errors")), sum("server_errors") ? "bad" : "good"],
    ["Search, p99", search ? `${Math.round(search.p99_ms)} ms` : "–", ""],
    ["Up for", duration(data.uptime_seconds), ""]];
  return el("dl", { class: "figures" }, ...entries.map(([name, value, kind]) =>
    el("div", {}, el("dt", {}, name), el("dd", { class: kind }, value))));
}

function fill(data) {
  const queries = (list) => list.map(({ query, count }) => [query, whole(count)]);
  main.replaceChildren(
    section("Now", true, figures(data)),
    section("Requests a minute", true, chart(data.minutes)),
    section("Endpoints", true, table("Endpoints", ["Endpoint", "Requests", "Client errors", "Server errors", "p50 ms", "p90 ms", "p99 ms"],
      data.endpoints.map((each) => [each.endpoint, whole(each.requests), whole(each.client_errors), { text: whole(each.server_errors), bad: each.server_errors > 0 },
        tenths(each.p50_ms), tenths(each.p90_ms), tenths(each.p99_ms)]), "No request yet.")),
    section("Top queries", false, table("Top queries", ["Query", "Times"], queries(data.top_queries), "No finished query yet.")),
    section("Searches without results", false, table("Searches without results", ["Query", "Times"], queries(data.empty_queries), "None so far.")),
    section(`Versions at ${data.model_server}`, false, data.model_error ? el("p", { class: "failure" }, data.model_error) : table("Versions", ["Version", "State", "Error"],
      data.versions.map((each) => [String(each.version), each.state, each.error || "none"]), "The model server knows no version."),
    el("p", { class: "none" }, data.signatures.length ? `Signatures: ${data.signatures.join(", ")}` : "")),
    section("Quality of the data", false, table("Quality of the data", ["Table", "Rows", "Kept", "Quarantined", "Score"],
      data.quality.map((each) => [each.table, whole(each.rows), whole(each.kept), whole(each.quarantined), each.score.toFixed(3)]),
      "Give --reports the reports/ folder of a run to see it here.")));
}

async function renew() {
  try {
    const data = await get("/operator/data");
    // Whoever reads a table with the keyboard keeps their place.
    const place = [...main.querySelectorAll("[tabindex]")].indexOf(document.activeElement);
    fill(data);
    if (place >= 0) main.querySelectorAll("[tabindex]")[place]?.focus({ preventScroll: true });
  } catch (error) {
    main.replaceChildren(el("p", { class: "notice failure", role: "alert" }, `The gateway does not tell: ${error.message}`));
  }
  setTimeout(renew, PAUSE_MS);
}

renew();
