// Elements without strings of HTML: what comes from a catalogue is only ever text.
export function el(name, properties = {}, ...children) {
  const node = document.createElement(name);
  for (const [key, value] of Object.entries(properties)) {
    if (value === null || value === undefined || value === false) continue;
    if (key.startsWith("on")) node.addEventListener(key.slice(2), value);
    else if (key === "class") node.className = value;
    else node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

export function svg(name, attributes = {}, ...children) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) node.setAttribute(key, value);
  node.append(...children);
  return node;
}

// Told to those who do not see the page change.
export function announce(text) {
  document.getElementById("status").textContent = text;
}

const currency = document.documentElement.dataset.currency;
const format = new Intl.NumberFormat(undefined, currency
  ? { style: "currency", currency } : { minimumFractionDigits: 2, maximumFractionDigits: 2 });

export function money(price) {
  return price === null ? "" : format.format(price);
}

export function plural(count, one, many = `${one}s`) {
  return `${count.toLocaleString()} ${count === 1 ? one : many}`;
}
