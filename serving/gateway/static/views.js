// The home page, a product's page and the basket; each fills `main` and says what it shows.
import { ApiError, get, post } from "./api.js";
import { grid, productLink, tile } from "./cards.js";
import { announce, el, money, plural } from "./dom.js";
import { basket, changeBasket, context, record, shopper, tell } from "./session.js";
import { why } from "./why.js";

const main = document.getElementById("main");

export function failure(error) {
  if (error.name === "AbortError") return;
  const text = error instanceof ApiError && error.status < 500 ? error.message
    : "The shop cannot answer right now. Please try again.";
  main.replaceChildren(el("p", { class: "notice failure", role: "alert" }, text));
}

export function showTitle(text) {
  const shop = document.documentElement.dataset.shop;
  document.title = text ? `${text} – ${shop}` : shop;
}

function shelf(title, note, products, options) {
  return el("section", { class: "shelf", "aria-label": title },
    el("div", { class: "head" }, el("h2", {}, title), note ? el("p", {}, note) : null),
    grid(products, options));
}

export async function home(signal) {
  const { name, profile, seen } = shopper();
  const known = context();
  const [forYou, popular] = await Promise.all([
    post("/recommend", { ...known, k: 24 }, signal),
    known.history.length || known.profile ? post("/recommend", { k: 12 }, signal) : null]);
  showTitle("");
  const personal = popular !== null;
  const hero = el("section", { class: "hero", "aria-label": "Welcome" },
    el("h1", { tabindex: -1 }, personal && name !== "you" ? `Welcome back, ${name.toLowerCase()}` : "Find what you came for"),
    el("p", {}, profile ? `“${profile}”` : personal ? "Picked from what you looked at. Open a product and this page follows."
      : "Search above, or open a product: what you look at shapes what is shown here."));
  if (seen.length) {
    hero.append(el("ul", { class: "seen", "aria-label": "Looked at lately", tabindex: 0 }, ...seen.slice(0, 12).map((product) =>
      el("li", {}, el("a", { href: productLink(product), "data-nav": true, title: product.title, "aria-label": product.title }, tile(product, { label: false }))))));
  }
  main.replaceChildren(hero, shelf(personal ? "Recommended" : "Popular now", "", forYou.items, personal ? { why: (product) => why(product, known) } : {}));
  if (personal) main.append(shelf("Popular now", "", popular.items));
  announce(`${plural(forYou.items.length, "product")} ${personal ? "recommended" : "popular now"}`);
  tell(forYou.items.slice(0, 12).map((item) => ({ event: "impression", product_id: item.product_id })));
}

export async function product(id, signal, query) {
  const [item, similar] = await Promise.all([
    get("/product", { product_id: id }, signal), get("/similar", { product_id: id, k: 12 }, signal)]);
  showTitle(item.title);
  record("click", item, query);
  const heading = el("h1", { tabindex: -1 }, item.title);
  const facts = Object.entries(item.attributes).flatMap(([name, value]) =>
    [el("dt", {}, name.replaceAll("_", " ")), el("dd", {}, value)]);
  main.replaceChildren(
    trail(item.category),
    el("article", { class: "product" }, tile(item), el("div", {},
      el("p", { class: "maker" }, item.brand), heading,
      el("p", { class: "price" }, money(item.price)),
      item.description ? el("p", { class: "about" }, item.description) : null,
      el("div", { class: "actions" },
        el("button", { class: "primary", type: "button", onclick: () => add(item, query) }, "Add to basket"),
        el("button", { type: "button", onclick: () => why(item, { ...without(item.product_id), query }) }, "Why this?")),
      facts.length ? el("dl", { class: "facts" }, ...facts) : null)),
    shelf("Similar products", "", similar.items));
  announce(item.title);
  return heading;
}

// Of a product that was opened the context holds itself; why it was shown is asked without it.
function without(id) {
  const known = context();
  return {
    ...known, history: known.history.filter((item) => item.product_id !== id),
    exclude: known.exclude.filter((each) => each !== id) };
}

export function trail(category) {
  return el("nav", { class: "trail", "aria-label": "Breadcrumb" }, el("a", { href: "/", "data-nav": true }, "Home"),
    ...category.flatMap((name, depth) => [el("span", { "aria-hidden": "true" }, "›"),
      el("a", { href: `/?category=${encodeURIComponent(category.slice(0, depth + 1).join(" > "))}`, "data-nav": true }, name)]));
}

function add(item, query) {
  changeBasket([...basket(), item]);
  record("cart", item, query);
  showCount();
  announce(`${item.title} is in the basket, ${plural(basket().length, "product")}`);
}

export function showCount() {
  document.getElementById("basket-count").textContent = basket().length;
}

export function showBasket() {
  showTitle("Basket");
  const items = basket();
  const total = items.reduce((sum, item) => sum + (item.price ?? 0), 0);
  const heading = el("h1", { tabindex: -1 }, "Basket");
  const change = (kept, text) => {
    changeBasket(kept);
    showCount();
    showBasket().focus();
    announce(text);
  };
  main.replaceChildren(el("div", { class: "head" }, heading));
  if (!items.length) {
    main.append(el("p", { class: "notice" }, "Nothing is in it yet."));
    return heading;
  }
  main.append(
    el("ul", { class: "lines" }, ...items.map((item, place) => el("li", {}, tile(item, { label: false }),
      el("a", { href: productLink(item), "data-nav": true }, item.title), el("span", { class: "price" }, money(item.price)),
      el("button", { type: "button", "aria-label": `Remove ${item.title}`, onclick: () => change(items.toSpliced(place, 1), `${item.title} was removed`) }, "Remove")))),
    el("p", { class: "head" }, "Total ", el("strong", { class: "price" }, money(total))),
    el("button", { class: "primary", type: "button", onclick: () => {
      items.forEach((item) => record("purchase", item));
      change([], "Ordered. Nothing was charged: this is a demonstration.");
      main.append(el("p", { class: "notice" }, "Ordered. Nothing was charged: this is a demonstration."));
    } }, "Order"));
  return heading;
}
