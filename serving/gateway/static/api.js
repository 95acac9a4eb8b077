// Talks to the gateway. A key, where the shop wants one, is kept for this tab only.
const KEY = "emporium.key";

export class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

function headers() {
  const key = sessionStorage.getItem(KEY);
  return key ? { Authorization: `Bearer ${key}` } : {};
}

async function ask(path, options) {
  const response = await fetch(path, { ...options, headers: { ...headers(), ...options.headers } });
  if (response.status === 401 && await askForKey()) return ask(path, options);
  const answer = await response.json().catch(() => ({ error: response.statusText }));
  if (!response.ok) throw new ApiError(response.status, answer.error);
  return answer;
}

let waiting = null;

function askForKey() {
  const dialog = document.getElementById("key");
  waiting ??= new Promise((resolve) => {
    dialog.addEventListener("close", () => {
      const field = dialog.querySelector("input");
      const key = field.value.trim();
      field.value = "";
      waiting = null;
      if (key) sessionStorage.setItem(KEY, key);
      resolve(Boolean(key));
    }, { once: true });
    dialog.showModal();
  });
  return waiting;
}

// Parameters that are empty are left out; lists are given once an entry.
export function get(path, parameters = {}, signal = undefined) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of Array.isArray(value) ? value : [value]) {
      if (each !== "" && each !== null && each !== undefined) query.append(name, each);
    }
  }
  const text = query.toString();
  return ask(text ? `${path}?${text}` : path, { signal });
}

export function post(path, body, signal = undefined) {
  return ask(path, {
    method: "POST", body: JSON.stringify(body), signal, keepalive: path === "/feedback",
    headers: { "Content-Type": "application/json" },
  });
}
