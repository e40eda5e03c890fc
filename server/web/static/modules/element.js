// Create and find elements. Text is always set as text, so that transcripts and input cannot become markup.

import { address } from "./addresses.js";

const PATIENCE_MS = 60_000;

export const $ = (id) => document.getElementById(id);

export function make(tag, { className, text, ...attributes } = {}, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  if (text !== undefined) element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

export function tell(problem) {
  const place = $("problem");
  place.textContent = problem ?? "";
  place.hidden = !problem;
}

// Return the body of a response. Throws an Error with the server's message if it failed.
export async function ask(url, options) {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), ...options }).catch((error) => {
    throw new Error(error.name === "TimeoutError" ? "The server did not answer in time." : "The server cannot be reached. Is it running?");
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  if (response.status === 401) {
    await signIn();
    return ask(url, options);
  }
  const body = await response.json().catch(() => ({}));
  const detail = body.detail?.message ?? body.detail;
  throw new Error(typeof detail === "string" ? detail : `The server answered ${response.status}.`);
}

let signing = null;

// Ask for a token until the server accepts it. The sign-in is then in a cookie that scripts cannot read.
function signIn() {
  signing ??= new Promise((known) => {
    const field = make("input", { type: "password", id: "token", autocomplete: "current-password", required: "" });
    const wrong = make("p", { className: "problem", role: "alert" });
    wrong.hidden = true;
    const form = make("form", {}, make("h2", { text: "Sign in with a token", id: "token-title" }),
      make("p", { className: "hint", text: "This server requires a token (AUTH_TOKENS)." }), wrong,
      make("label", { text: "Token " }, field), make("p", { className: "row" }, make("button", { className: "primary", type: "submit", text: "Sign in" })));
    const dialog = make("dialog", { "aria-labelledby": "token-title" }, form);
    dialog.addEventListener("cancel", (event) => event.preventDefault());
    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      const answer = await fetch(address("app/api/user"), { method: "POST", headers: { Authorization: `Bearer ${field.value}` } }).catch(() => ({ ok: false }));
      wrong.hidden = answer.ok;
      wrong.textContent = "The server does not accept this token.";
      if (!answer.ok) return field.select();
      dialog.remove();
      signing = null;
      known();
    });
    document.body.append(dialog);
    dialog.showModal();
  });
  return signing;
}
