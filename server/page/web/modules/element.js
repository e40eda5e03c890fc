// Making and finding parts of the page. Text is only ever set as text, so that nothing heard or typed becomes markup.

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

// The body of an answer; an Error with the server's sentence when it is none.
export async function ask(url, options) {
  const response = await fetch(url, { signal: AbortSignal.timeout(PATIENCE_MS), ...options }).catch((error) => {
    throw new Error(error.name === "TimeoutError" ? "The server does not answer." : "The server cannot be reached. Is it running?");
  });
  if (response.ok) return response.status === 204 ? null : response.json();
  const body = await response.json().catch(() => ({}));
  const detail = body.detail?.message ?? body.detail;
  throw new Error(typeof detail === "string" ? detail : `The server answered ${response.status}.`);
}
