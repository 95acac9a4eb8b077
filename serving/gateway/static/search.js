// Search results with filters. The filters stay in place while their counts change, so that the
// focus stays where it is.
import { get } from "./api.js";
import { grid } from "./cards.js";
import { announce, el, money, plural } from "./dom.js";
import { tell } from "./session.js";
import { showTitle, trail } from "./views.js";
import { why } from "./why.js";

const STEP = 24;
const MOST = 100;
const main = document.getElementById("main");

export function readSearch(parameters) {
  return {
    q: parameters.get("q") ?? "", brand: parameters.getAll("brand"),
    category: parameters.get("category") ?? "", price_min: parameters.get("price_min") ?? "",
    price_max: parameters.get("price_max") ?? "", k: Math.min(MOST, Number(parameters.get("k")) || STEP) };
}

export function searchUrl(search) {
  const parameters = new URLSearchParams();
  for (const name of ["q", "category", "price_min", "price_max"]) if (search[name]) parameters.set(name, search[name]);
  for (const brand of search.brand) parameters.append("brand", brand);
  if (search.k > STEP) parameters.set("k", search.k);
  return `/?${parameters}`;
}

// Shows results; `go(url)` opens another search, `typing` is one that goes on.
export async function showSearch(search, { signal, go, typing }) {
  document.getElementById("results")?.classList.add("loading");
  const answer = await get("/search", { ...search, typing: typing || undefined }, signal);
  const path = search.category.split(">").map((name) => name.trim()).filter(Boolean);
  const title = search.q ? `“${search.q}”` : path.at(-1) ?? "All products";
  showTitle(search.q || path.at(-1));
  const focus = document.activeElement?.id;
  // The model answers so many at the most: there may be more that fit less.
  const found = answer.total >= MOST ? `the ${MOST} best products` : plural(answer.total, "product");
  const heading = el("h1", { tabindex: -1 }, title);
  const results = el("section", { id: "results", "aria-label": "Results" },
    el("div", { class: "head" }, heading, el("p", {}, found)));
  if (answer.items.length) {
    results.append(grid(answer.items, { level: 2, why: search.q ? (item) => why(item, { query: search.q }) : undefined }));
    if (answer.total > answer.items.length && search.k < MOST) {
      results.append(el("button", { class: "more", type: "button", id: "more", onclick: () => go(searchUrl({ ...search, k: Math.min(MOST, search.k + STEP) }), { replace: true }) }, "Show more"));
    }
  } else {
    results.append(el("p", { class: "notice" }, "Nothing fits. Try fewer filters or other words."));
  }
  const narrowed = search.brand.length || search.price_min || search.price_max;
  main.replaceChildren(...(path.length ? [trail(path)] : []), el("div", { class: "results" },
    filters(search, path, answer.facets, narrowed, go), results));
  if (focus) document.getElementById(focus)?.focus({ preventScroll: true });
  announce(`${found} for ${title}`);
  if (!typing) tell(answer.items.slice(0, 12).map((item) => ({ event: "impression", product_id: item.product_id, query: search.q })));
  return heading;
}

function filters(search, path, facets, narrowed, go) {
  const change = (changes) => go(searchUrl({ ...search, k: STEP, ...changes }));
  return el("details", { class: "filters", open: narrowed || matchMedia("(min-width: 52.01rem)").matches },
    el("summary", {}, "Filters"),
    narrowed ? el("button", { class: "plain", type: "button", onclick: () => change({ brand: [], price_min: "", price_max: "" }) }, "Clear filters") : null,
    facets.categories.length || path.length ? categories(path, facets.categories, change) : null,
    facets.brands.length || search.brand.length ? brands(search, facets.brands, change) : null,
    facets.prices || search.price_min || search.price_max ? prices(search, facets.prices, change) : null);
}

function categories(path, counts, change) {
  const up = path.length ? [el("li", {}, el("button", { type: "button", id: "category-up", onclick: () => change({ category: path.slice(0, -1).join(" > ") }) }, `‹ ${path.length > 1 ? path.at(-2) : "All categories"}`))] : [];
  return el("fieldset", {}, el("legend", {}, "Category"), el("ul", { class: "scroll", tabindex: counts.length > 8 ? 0 : null, "aria-label": "Categories" }, ...up,
    ...counts.map(({ category, count }) => el("li", {}, el("button", { type: "button", id: `category-${category.join("-")}`, onclick: () => change({ category: category.join(" > ") }) },
      category.at(-1), el("span", { class: "n" }, String(count)))))));
}

function brands(search, counts, change) {
  const chosen = new Set(search.brand);
  const absent = search.brand.filter((brand) => !counts.some((each) => each.brand === brand)).map((brand) => ({ brand, count: 0 }));
  return el("fieldset", {}, el("legend", {}, "Brand"), el("ul", { class: "scroll", tabindex: counts.length > 8 ? 0 : null, "aria-label": "Brands" },
    ...[...absent, ...counts].map(({ brand, count }) => el("li", {}, el("label", {},
      el("input", { type: "checkbox", id: `brand-${brand}`, checked: chosen.has(brand), onchange: (event) => change({ brand: event.target.checked ? [...search.brand, brand] : search.brand.filter((each) => each !== brand) }) }),
      brand, el("span", { class: "n" }, String(count)))))));
}

function prices(search, range, change) {
  const field = (name, label, hint) => el("label", { for: name }, label, el("input", {
    id: name, type: "number", min: 0, step: "any", inputmode: "decimal", value: search[name], placeholder: hint === undefined ? "" : String(Math.round(hint)),
    onchange: (event) => event.target.checkValidity() && change({ [name]: event.target.value }) }));
  return el("fieldset", {}, el("legend", {}, "Price"), el("div", { class: "prices" },
    field("price_min", "From", range?.min), field("price_max", "To", range?.max)),
  range ? el("p", { class: "maker" }, `${money(range.min)} to ${money(range.max)}`) : null);
}
