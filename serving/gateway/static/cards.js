// A product in a list, and the picture that it gets where the shop has none.
import { el, money, svg } from "./dom.js";

function hash(text) {
  let value = 2166136261;
  for (const character of text) value = Math.imul(value ^ character.codePointAt(0), 16777619);
  return value >>> 0;
}

function initials(text) {
  const words = text.split(/\s+/).filter((word) => /^\p{L}/u.test(word));
  const letters = words.length > 1 ? [words[0], words.at(-1)].map((word) => [...word][0])
    : [...(words[0] ?? "·")].slice(0, 2);
  return letters.join("").toUpperCase();
}

const SHAPES = [
  (r) => [["circle", { cx: 20 + r(40), cy: 110 - r(30), r: 52 + r(18) }], ["circle", { cx: 140 - r(30), cy: 16 + r(20), r: 34 + r(14) }]],
  (r) => [["path", { d: `M0 ${80 - r(20)} Q 50 ${50 - r(20)} 90 80 T 160 ${70 + r(20)} V120 H0Z` }], ["circle", { cx: 126 - r(20), cy: 26 + r(10), r: 18 + r(8) }]],
  (r) => [["rect", { x: -20 + r(20), y: 40, width: 90, height: 130, transform: "rotate(-24 40 80)" }], ["rect", { x: 110 - r(20), y: -40, width: 70, height: 110, transform: "rotate(-24 130 20)" }]],
  (r) => [["path", { d: `M0 120 L${50 + r(20)} ${30 + r(15)} L110 120Z` }], ["path", { d: `M70 120 L${125 + r(10)} ${50 + r(15)} L175 120Z` }]],
  (r) => [["path", { d: `M0 0 H${90 + r(20)} A90 90 0 0 1 0 90Z` }], ["path", { d: `M160 120 V${60 - r(15)} A70 70 0 0 0 90 120Z` }]],
];

export function tile(product, { label = true } = {}) {
  if (product.image) return el("img", { class: "tile", src: product.image, alt: "", loading: "lazy" });
  let seed = hash(product.product_id);
  const random = (limit) => {
    seed = Math.imul(seed, 1664525) + 1013904223 >>> 0;
    return seed % limit;
  };
  const shapes = SHAPES[hash(product.brand || product.title) % SHAPES.length](random);
  const leaf = (product.category.at(-1) ?? "").slice(0, 24);
  const picture = svg("svg", { class: "tile", viewBox: "0 0 160 120", preserveAspectRatio: "xMidYMid slice", "aria-hidden": "true" },
    ...shapes.map(([name, attributes], place) => svg(name, { ...attributes, class: place ? "second" : "shape" })),
    svg("text", { x: 80, y: label ? 68 : 74 }, initials(product.brand || product.title)));
  if (label && leaf) picture.append(svg("text", { x: 80, y: 104, class: "kind" }, leaf));
  // A department has its colour; its kinds are shades of it.
  const hue = hash(product.category[0] ?? product.brand) % 360 + hash(leaf) % 24;
  picture.style.setProperty("--hue", String(hue));
  return picture;
}

export function productLink(product) {
  return `/?product=${encodeURIComponent(product.product_id)}`;
}

// `level` is that of the heading above and one more.
export function card(product, { why, level = 3 } = {}) {
  return el("li", { class: "card" }, tile(product), el("div", { class: "text" },
    el("p", { class: "maker" }, product.brand || "\u00a0"),
    el(`h${level}`, { class: "name" }, el("a", { href: productLink(product), "data-nav": true, "data-product": product.product_id }, product.title)),
    el("div", { class: "foot" }, el("span", { class: "price" }, money(product.price)),
      why ? el("button", { class: "plain", type: "button", "aria-label": `Why this? ${product.title}`, onclick: () => why(product) }, "Why this?") : null)));
}

export function grid(products, options = {}) {
  return el("ul", { class: "grid" }, ...products.map((product) => card(product, options)));
}
