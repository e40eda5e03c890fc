// One turn of the conversation on the page: transcript, answer, intent and entities.

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

  // milliseconds: time until the reply stopped. said: the part of the reply that was heard.
  stopped(milliseconds, said) {
    const after = milliseconds === undefined ? "" : ` ${Math.round(milliseconds)} ms after the request`;
    const kept = said ? ` Heard so far: “${said}”` : "";
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
