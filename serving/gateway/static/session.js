// What this tab knows of the shopper: who they play, what they looked at, their basket.
import { get, post } from "./api.js";

const STORE = "emporium.session";
const DAY = 86400000;
const STRENGTH = ["click", "cart", "purchase"];
const MAX_EVENTS = 100;

function load() {
  try {
    return JSON.parse(sessionStorage.getItem(STORE)) ?? {};
  } catch {
    return {};
  }
}

const state = { shopper: "you", events: {}, basket: [], user: `guest-${unique()}`, ...load() };
let examples = [];

function unique() {
  return [...crypto.getRandomValues(new Uint8Array(12))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function save() {
  sessionStorage.setItem(STORE, JSON.stringify(state));
}

export async function loadShoppers() {
  examples = (await get("/shoppers")).shoppers;
  if (!current() && state.shopper !== "you") state.shopper = "you";
  return examples;
}

function current() {
  return examples.find((example) => example.name === state.shopper);
}

export function shopper() {
  return { name: state.shopper, profile: current()?.profile ?? "", seen: seen() };
}

export function chooseShopper(name) {
  state.shopper = name;
  save();
}

// Products that the shopper knows, newest first, without repeats.
function seen() {
  const mine = (state.events[state.shopper] ?? []).map((event) => event.product).reverse();
  const theirs = [...(current()?.history ?? [])].reverse();
  return [...new Map([...mine, ...theirs].map((product) => [product.product_id, product])).values()];
}

// The context as the API takes it: oldest first, each product once, where it was wanted last.
export function context() {
  const items = new Map();
  for (const product of current()?.history ?? []) items.set(product.product_id, { product_id: product.product_id });
  for (const { product, event, time } of state.events[state.shopper] ?? []) {
    const earlier = items.get(product.product_id)?.event;
    const strongest = STRENGTH.indexOf(earlier) > STRENGTH.indexOf(event) ? earlier : event;
    items.delete(product.product_id);
    items.set(product.product_id, { product_id: product.product_id, event: strongest, age_days: Math.max(0, (Date.now() - time) / DAY) });
  }
  const history = [...items.values()].slice(-50);
  return { history, profile: current()?.profile ?? "", exclude: history.map((item) => item.product_id) };
}

export function record(event, product, query = "") {
  const { product_id, title, brand, category, price, image } = product;
  const events = state.events[state.shopper] ??= [];
  events.push({ product: { product_id, title, brand, category, price, image }, event, time: Date.now() });
  state.events[state.shopper] = events.slice(-MAX_EVENTS);
  save();
  tell([{ event, product_id, query }]);
}

export function tell(events) {
  if (document.documentElement.dataset.feedback !== "on" || !events.length) return;
  post("/feedback", { events: events.map((event) => ({ ...event, user_id: state.user, session_id: state.user })) })
    .catch(() => {});  // a shopper must not be held up by what is only counted
}

export function basket() {
  return state.basket;
}

export function changeBasket(products) {
  state.basket = products;
  save();
}
