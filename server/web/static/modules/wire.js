// The WebSocket to /ws/voice/simple. Reconnects, resumes its session, and reports its state.

import { address } from "./addresses.js";

const WAITS_MS = [300, 600, 1200, 2500, 5000];

export class Wire extends EventTarget {
  #socket = null;
  #lost = 0;
  #timer = 0;
  #closed = false;

  constructor({ userId, sessionId = null, init = {} }) {
    super();
    this.userId = userId;
    this.sessionId = sessionId;
    this.init = init;
    this.state = "closed";
  }

  open() {
    this.#closed = false;
    this.#set("connecting");
    const url = address("ws/voice/simple");
    url.protocol = url.protocol.replace("http", "ws");
    url.searchParams.set("user_id", this.userId);
    const socket = new WebSocket(url);
    this.#socket = socket;
    let opened = false;
    socket.onopen = () => {
      opened = true;
      this.#begin();
    };
    socket.onmessage = (frame) => this.#take(JSON.parse(frame.data));
    socket.onclose = (end) => socket === this.#socket && this.#drop(opened, end);
  }

  close() {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#socket?.close();
    this.#socket = null;
    this.#set("closed");
  }

  // Returns false, and sends nothing, without a connection.
  send(event, data = {}) {
    if (this.state !== "open") return false;
    this.#post(event, data);
    return true;
  }

  #post(event, data) {
    this.#socket.send(JSON.stringify({ event, data }));
    this.dispatchEvent(new CustomEvent("sent", { detail: { event, data } }));
  }

  #begin() {
    this.#post("init", { user_id: this.userId, session_id: this.sessionId, ...this.init });
  }

  #take({ event, data }) {
    const at = performance.now();
    if (event === "session_start") {
      this.sessionId = data.session_id;
      this.#lost = 0;
      this.#set("open");
    }
    if (event === "error" && data.code === "unknown_session" && this.state === "connecting") {
      this.sessionId = null;
      this.#begin();
    }
    this.dispatchEvent(new CustomEvent("message", { detail: { event, data, at } }));
  }

  async #drop(opened, end) {
    if (this.#closed) return;
    this.#set(opened ? "lost" : await this.#why(), end.reason);
    const wait = WAITS_MS[Math.min(this.#lost++, WAITS_MS.length - 1)];
    this.#timer = setTimeout(() => this.open(), wait);
  }

  // Browsers do not tell a page why a WebSocket was refused, so check whether the server answers over HTTP.
  async #why() {
    return fetch(address(""), { cache: "no-store" }).then((answer) => (answer.ok ? "refused" : "lost"), () => "lost");
  }

  #set(state, reason = "") {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, reason } }));
  }
}

export function toBase64(buffer) {
  const bytes = new Uint8Array(buffer);
  let text = "";
  for (let start = 0; start < bytes.length; start += 0x8000) {
    text += String.fromCharCode(...bytes.subarray(start, start + 0x8000));
  }
  return btoa(text);
}

export function fromBase64(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
}
