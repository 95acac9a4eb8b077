// The page's address says what is shown; this file goes from one to the other.
import { get } from "./api.js";
import { el } from "./dom.js";
import { readSearch, searchUrl, showSearch } from "./search.js";
import { chooseShopper, loadShoppers, shopper } from "./session.js";
import { failure, home, product, showBasket, showCount } from "./views.js";

const DEBOUNCE_MS = 80;
const field = document.getElementById("q");
let running = new AbortController();
let lastQuery = "";

// The last request wins: an earlier one that is still under way is broken off.
async function show({ focus = false, typing = false } = {}) {
  running.abort();
  running = new AbortController();
  const { signal } = running;
  const parameters = new URLSearchParams(location.search);
  try {
    let heading = null;
    if (parameters.has("product")) {
      heading = await product(parameters.get("product"), signal, lastQuery);
    } else if (parameters.get("view") === "basket") {
      heading = showBasket();
    } else if (["q", "category", "brand", "price_min", "price_max"].some((name) => parameters.has(name))) {
      const search = readSearch(parameters);
      lastQuery = search.q;
      if (document.activeElement !== field) field.value = search.q;
      heading = await showSearch(search, { signal, go, typing });
    } else {
      lastQuery = "";
      if (document.activeElement !== field) field.value = "";
      await home(signal);
    }
    if (signal.aborted) return;
    markAisle(parameters.get("category") ?? "");
    restore(heading, focus);
  } catch (error) {
    if (!signal.aborted) failure(error);
  }
}

// Back where a product was opened from, its link has the focus again.
function restore(heading, focus) {
  const opened = history.state?.opened;
  const link = opened && document.querySelector(`a[data-product="${CSS.escape(opened)}"]`);
  if (focus === "back" && link) {
    link.focus({ preventScroll: true });
    scrollTo(0, history.state.scroll ?? 0);
  } else if (focus) {
    (heading ?? document.getElementById("main")).focus({ preventScroll: true });
    if (focus === "new") scrollTo(0, 0);
  }
}

function go(url, { replace = false, focus = false, typing = false } = {}) {
  history[replace ? "replaceState" : "pushState"](null, "", url);
  return show({ focus, typing });
}

document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-nav]");
  if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  history.replaceState({ opened: link.dataset.product, scroll: scrollY }, "");
  if (!link.dataset.product) field.value = "";
  go(link.href, { focus: "new" });
});

addEventListener("popstate", () => show({ focus: "back" }));
history.scrollRestoration = "manual";

let timer = 0;
field.addEventListener("input", () => {
  clearTimeout(timer);
  timer = setTimeout(() => search(true), DEBOUNCE_MS);
});

document.getElementById("search").addEventListener("submit", (event) => {
  event.preventDefault();
  clearTimeout(timer);
  search(false);
});

// A query that grows letter by letter is one step of the history, not many.
function search(typing) {
  const parameters = new URLSearchParams(location.search);
  const q = field.value.trim();
  if (typing && q === (parameters.get("q") ?? "")) return;
  const url = q ? searchUrl({ ...readSearch(new URLSearchParams()), q }) : "/";
  go(url, { replace: parameters.has("q"), typing });
}

function markAisle(category) {
  for (const link of document.querySelectorAll("#aisles a")) {
    if (category.split(" > ")[0] === link.textContent) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
}

async function fillAisles() {
  const { facets } = await get("/search", { k: 1, typing: true });
  document.getElementById("aisles").replaceChildren(...facets.categories.map(({ category }) => category[0]).sort().map((name) =>
    el("li", {}, el("a", { href: `/?category=${encodeURIComponent(name)}`, "data-nav": true }, name))));
}

async function fillShoppers() {
  const select = document.getElementById("shopper");
  for (const { name } of await loadShoppers()) select.append(el("option", { value: name }, name));
  select.value = shopper().name;
  select.addEventListener("change", () => {
    chooseShopper(select.value);
    go("/");
  });
}

showCount();
const shoppers = fillShoppers().catch(() => {});
// Who shops decides the home page alone; the departments can come last.
if (!location.search) await shoppers;
await show();
await fillAisles().catch(() => {});
markAisle(new URLSearchParams(location.search).get("category") ?? "");
