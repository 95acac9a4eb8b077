// "Why this?": what the answers with and without parts of the context tell.
import { post } from "./api.js";
import { el, plural } from "./dom.js";

const dialog = document.getElementById("why");
const PARTS = { query: "your search", history: "everything you looked at", profile: "what you told about yourself" };

const place = (rank, score) => rank === null ? "not among the candidates" : `place ${rank}, score ${score.toPrecision(3)}`;

function partLine(part, full) {
  const name = PARTS[part.part] ?? (part.title ? `“${part.title}”` : "a product you looked at");
  const effects = {
    decisive: "is why it is here", helps: "speaks for it", none: "makes no difference", lowers: "speaks against it" };
  return el("li", {}, el("span", { class: `effect ${part.effect}` }, `${name[0].toUpperCase()}${name.slice(1)} ${effects[part.effect]}`),
    el("span", { class: "small" }, `With it: ${place(full.rank, full.score)}. Without it: ${place(part.rank_without, part.score_without)}.`));
}

// Single products that change nothing are only counted: what changes something is to be seen.
function partList(answer) {
  const told = answer.parts.filter((part) => part.part !== "history item" || part.effect !== "none");
  const others = answer.parts.length - told.length;
  return el("ul", {}, ...told.map((part) => partLine(part, answer)),
    others ? el("li", {}, el("span", { class: "small" }, `${plural(others, "other product")} that you looked at ${others === 1 ? "makes" : "make"} no difference.`)) : null);
}

function wordLine(words) {
  const of = words.part === "history item" ? `“${words.title}”` : PARTS[words.part];
  return el("li", {}, el("span", { class: "small" }, `It shares words with ${of}:`),
    el("span", {}, ...words.words.slice(0, 12).map((word) => el("span", { class: "word" }, word))));
}

function body(answer) {
  const summary = answer.rank === null
    ? `Out of ${answer.candidates} candidates for you now, this is none: you found it another way.`
    : `It is in place ${answer.rank} of the ${answer.candidates} candidates for you now.`;
  return el("div", { class: "why-body" }, el("p", {}, summary),
    answer.parts.length ? el("div", {}, el("h3", {}, "What the place depends on"),
      partList(answer)) : el("p", {}, "Nothing is known of you yet, so it is shown because it is popular."),
    answer.words.length ? el("div", {}, el("h3", {}, "Words in common"), el("ul", {}, ...answer.words.slice(0, 4).map(wordLine))) : null,
    el("p", { class: "small" }, "Found by asking again without each part. Words in common are a hint, not the whole reason."));
}

export async function why(product, context) {
  const { history = [], profile = "", query = "", exclude = [] } = context;
  const content = el("div", { class: "why-body" }, el("p", {}, "Asking…"));
  dialog.replaceChildren(
    el("div", { class: "why-head" }, el("h2", { id: "why-title" }, `Why “${product.title}”?`),
      el("button", { type: "button", autofocus: true, onclick: () => dialog.close() }, "Close")),
    content);
  dialog.showModal();
  try {
    content.replaceWith(body(await post("/explain", {
      product_id: product.product_id, history, profile, query: query ?? "",
      exclude: exclude.filter((id) => id !== product.product_id) })));
  } catch (error) {
    content.replaceWith(el("p", { class: "failure", role: "alert" }, error.message));
  }
}
