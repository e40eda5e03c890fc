// One turn of the conversation on the page: what was said, what is answered, what was understood.

import { make } from "./element.js";

export class TurnView {
  #said = null;

  constructor(list) {
    this.element = make("li", { className: "turn" });
    list.append(this.element);
  }

  partial(text) {
    this.#say(text, true);
  }

  said(text) {
    this.#say(text, false);
  }

  answer({ text, intent, entities }) {
    this.element.append(make("p", { className: "answer", text }), chips(intent, entities));
    this.show();
  }

  // milliseconds: how long that took; said: the part of the reply that the session remembers.
  stopped(milliseconds, said) {
    const after = milliseconds === undefined ? "" : ` ${Math.round(milliseconds)} ms after it was asked to`;
    const kept = said ? ` Heard until then: “${said}”` : "";
    this.element.append(make("p", { className: "stopped", text: `The reply was stopped${after}.${kept}` }));
    this.show();
  }

  fault(message) {
    this.element.append(make("p", { className: "fault", text: message }));
    this.show();
  }

  show() {
    this.element.scrollIntoView({ block: "nearest" });
  }

  #say(text, isPartial) {
    this.#said ??= this.element.insertBefore(make("p", { className: "said" }), this.element.firstChild);
    this.#said.textContent = text;
    this.#said.classList.toggle("partial", isPartial);
    this.show();
  }
}

function chips(intent, entities) {
  const list = make("ul", { className: "chips", "aria-label": "Understood" });
  list.append(make("li", { className: "intent", text: intent }));
  for (const { kind, name, value } of entities) {
    list.append(make("li", { text: `${kind} ` }, make("b", { text: name === value ? name : `${name} (${value})` })));
  }
  return list;
}
