// The Talk page: input, messages and their display.

import { address } from "./addresses.js";
import { $, ask, make, tell } from "./element.js";
import { Microphone, MicrophoneError } from "./microphone.js";
import { Speaker } from "./speaker.js";
import { TurnView } from "./turn_view.js";
import { draw, parts } from "./waterfall.js";
import { Wire, fromBase64, toBase64 } from "./wire.js";

const TAP_MS = 350;
const KEPT_EVENTS = 400;
const ASKED_FOR = ["partial_transcription", "turn_metrics"];
const CONNECTION = {
  connecting: "connecting",
  open: "connected",
  lost: "connection lost, reconnecting",
  refused: "connection refused, reconnecting",
  closed: "not connected",
};

const microphone = new Microphone();
const speaker = new Speaker();
let wire = null;
let turn = null;
let recording = false;
let pressedAt = 0;
let handsFree = false;
// The turn of an interrupt that is not answered yet.
let stopping = null;

// For the console and the tests.
globalThis.voicelab = { microphone, speaker, get wire() { return wire; }, get turn() { return turn; } };

// The connection and the session.

function connect(sessionId) {
  wire?.close();
  stopping = null;
  const init = { audio_format: "pcm16", events: ASKED_FOR };
  if (handsFree) Object.assign(init, { mode: "continuous", events: [...ASKED_FOR, "speech_started", "speech_stopped"] });
  wire = new Wire({ userId: $("user").value.trim(), sessionId, init });
  wire.addEventListener("state", ({ detail }) => showConnection(detail));
  wire.addEventListener("message", ({ detail }) => take(detail));
  wire.addEventListener("sent", ({ detail }) => note("→", detail));
  wire.open();
}

function showConnection({ state, reason }) {
  $("connection").dataset.state = state;
  $("connection-text").textContent = CONNECTION[state] + (reason ? ` (${reason})` : "");
  $("hands-free").disabled = state !== "open";
  // Hands-free, only the microphone's stream may be sent.
  for (const button of [$("talk"), $("recorded").querySelector("button")]) button.disabled = state !== "open" || handsFree;
  if (state === "refused") {
    tell(`The server refuses pages of ${location.origin}. Open the page at the server's own address, or add this origin to CORS_ORIGINS.`);
  } else if (state === "open") {
    tell(null);
    sessionStorage.setItem("session", wire.sessionId);
    if (handsFree) listen();
  } else if (state === "lost") {
    lose();
  }
}

function lose() {
  speaker.stop();
  stopping = null;
  if (turn && !turn.over) {
    turn.view.fault("The connection was lost during this turn. Ask again when it is back.");
    finish();
  }
  if (recording) stopRecording(false);
}

// A reply that is spoken while it is written sounds before its agent_response comes.
function beginSound() {
  if (turn.sounding) return;
  turn.sounding = true;
  speaker.begin();
  $("interrupt").disabled = false;
}

// What the server sends.

const on = {
  partial_transcription: ({ text }) => current().view.partial(text),
  speech_started() {
    // The server has stopped the reply, or assumes that it was played.
    if (turn) stopTurn();
    turn = newTurn();
  },
  speech_stopped: ({ silence_s }, at) => (current().times.end = at - 1000 * silence_s),
  transcription({ text }, at) {
    current().times.end ??= at;
    turn.times.heard = at;
    turn.view.said(text);
  },
  agent_response(data, at) {
    current().times.answered = at;
    turn.view.answer(data);
    beginSound();
  },
  audio_chunk({ audio_chunk, is_final }, at) {
    if (!turn || turn.over) return;
    turn.times.firstChunk ??= at;
    beginSound();
    if (audio_chunk) speaker.play(fromBase64(audio_chunk));
    if (is_final) finish();
  },
  turn_metrics(data) {
    if (turn) turn.metrics = data;
    showTimes();
  },
  interrupted({ turn_id, stop_ms, said }) {
    const stopped = stopping ?? turn;
    stopping = null;
    if (stopped === turn) speaker.stop();
    // Without a turn id there was nothing to stop.
    if (!stopped || turn_id === null) return;
    if (!stopped.stopped) stopTurn();
    stopped.view.stopped(stop_ms, said);
  },
  error({ code, message }) {
    if (code === "unknown_session") return;
    if (turn && !turn.over) {
      turn.view.fault(message);
      finish();
    } else {
      tell(message);
    }
  },
};

function take({ event, data, at }) {
  note("←", { event, data });
  // Until the interrupt is answered, all events belong to the turn that it stops.
  if (stopping && event !== "interrupted") return;
  on[event]?.(data, at);
}

function note(way, { event, data }) {
  const shown = data.audio_chunk ? { ...data, audio_chunk: `${data.audio_chunk.length} letters of base64` } : data;
  const list = $("event-list");
  const text = `${way} ${event} ${JSON.stringify(shown)}`;
  // Hands-free sends fifty chunks per second, so repeated lines are counted.
  if (list.lastChild?.dataset.repeats === text) {
    list.lastChild.textContent = `${text} × ${++list.lastChild.dataset.times}`;
    return;
  }
  const line = make("li", { text });
  Object.assign(line.dataset, { repeats: text, times: 1 });
  list.append(line);
  while (list.childElementCount > KEPT_EVENTS) list.firstChild.remove();
}

// Turns.

function newTurn() {
  interrupt();
  $("empty").hidden = true;
  tell(null);
  return { times: { start: performance.now() }, metrics: null, over: false, stopped: false, view: new TurnView($("turns")) };
}

function current() {
  if (!turn || turn.over) turn = newTurn();
  return turn;
}

function finish() {
  turn.over = true;
  showTimes();
}

function stopTurn() {
  turn.stopped = turn.over = true;
  $("interrupt").disabled = true;
}

// Stop playback immediately, and ask the server to stop the reply.
function interrupt() {
  const busy = turn && (!turn.over || speaker.playing) && turn.times.end !== undefined && !turn.stopped;
  const { played_s } = speaker;
  speaker.stop();
  if (!busy) return;
  // Before the answer arrives, nothing of this turn has been played.
  if (wire.send("interrupt", turn.times.answered === undefined ? {} : { played_s })) stopping = turn;
  stopTurn();
}

function showTimes() {
  if (!turn?.times.end) return;
  const rows = parts(turn);
  $("times-hint").hidden = rows.length > 0;
  draw($("waterfall"), rows);
  const { end, click, sounds } = turn.times;
  if (sounds === undefined) return;
  const after = Math.round(sounds - end);
  const clicked = click === undefined ? "" : `; ${Math.round(sounds - click)} ms after the click`;
  $("headline").textContent = `First sound ${after} ms after the end of the request${clicked}.`;
}

speaker.addEventListener("sounds", ({ detail }) => {
  if (turn) turn.times.sounds = detail;
  showTimes();
});
speaker.addEventListener("ended", () => {
  if (turn?.over) $("interrupt").disabled = true;
});

// Speaking.

async function startRecording() {
  if (recording || handsFree || wire?.state !== "open") return;
  recording = true;
  showTalk();
  try {
    await Promise.all([speaker.unlock(), microphone.open()]);
    if (!recording) return;
    turn = newTurn();
    await microphone.start(sendChunk);
  } catch (error) {
    recording = false;
    showTalk();
    if (!(error instanceof MicrophoneError)) throw error;
    tell(error.message);
  }
}

function sendChunk(buffer, fields) {
  wire.send("audio_chunk", { audio_chunk: toBase64(buffer), is_final: false, ...fields });
}

async function stopRecording(send = true) {
  if (!recording) return;
  recording = false;
  showTalk();
  const spoken = turn;
  if (!spoken || spoken.times.end !== undefined) return;
  spoken.times.end = performance.now();
  await microphone.stop();
  if (send) wire.send("audio_chunk", { audio_chunk: "", format: "opus", is_final: true });
}

function showTalk() {
  $("talk").setAttribute("aria-pressed", String(recording));
  $("talk-label").textContent = recording ? "Listening: release or press to send" : "Hold to talk";
}

function press() {
  if (recording) {
    pressedAt = 0;
    stopRecording();
  } else {
    pressedAt = performance.now();
    startRecording();
  }
}

function letGo() {
  // A short press is a tap: it starts recording, and the next tap sends.
  if (pressedAt && performance.now() - pressedAt > TAP_MS) stopRecording();
}

$("talk").addEventListener("pointerdown", (event) => {
  if (event.button === 0) press();
});
addEventListener("pointerup", letGo);
addEventListener("pointercancel", letGo);
$("talk").addEventListener("contextmenu", (event) => event.preventDefault());
// Assistive technology sends clicks without pointer events.
$("talk").addEventListener("click", (event) => event.detail === 0 && event.pointerType === "" && press());

const takesKeys = (element) => element.closest("input:not([type=checkbox]), select, textarea, summary, a, button:not(#talk)");
addEventListener("keydown", (event) => {
  if (event.code === "Escape") interrupt();
  if (event.code !== "Space" || takesKeys(event.target)) return;
  event.preventDefault();
  if (!event.repeat) press();
});
addEventListener("keyup", (event) => {
  if (event.code !== "Space" || takesKeys(event.target)) return;
  event.preventDefault();
  letGo();
});
$("interrupt").addEventListener("click", interrupt);

// Hands-free.

$("hands-free").addEventListener("change", async ({ target }) => {
  await microphone.stop();
  microphone.close();
  handsFree = target.checked;
  connect(wire.sessionId);
});

async function listen() {
  try {
    await microphone.stop();
    await Promise.all([speaker.unlock(), microphone.open({ echoCancellation: true })]);
    await microphone.start(sendChunk, { continuous: true });
  } catch (error) {
    if (!(error instanceof MicrophoneError)) throw error;
    tell(error.message);
    $("hands-free").checked = handsFree = false;
  }
}

// Typed commands and recordings of the sample set.

$("typed").addEventListener("submit", async (event) => {
  event.preventDefault();
  const text = $("typed-text").value.trim();
  if (!text) return;
  await speaker.unlock();
  turn = newTurn();
  turn.times.click = turn.times.end = turn.times.start;
  turn.view.said(text);
  if (wire.send("text", { text })) $("typed-text").value = "";
  else notSent();
});

$("recorded").addEventListener("submit", async (event) => {
  event.preventDefault();
  const id = $("sample").value;
  if (!id) return;
  const click = performance.now();
  await speaker.unlock();
  const answer = await fetch(address(`app/api/samples/${encodeURIComponent(id)}/audio`));
  if (!answer.ok) return tell(`The recording ${id} cannot be read.`);
  const sound = await answer.arrayBuffer();
  turn = newTurn();
  turn.times.click = click;
  turn.times.end = performance.now();
  if (!wire.send("audio_chunk", { audio_chunk: toBase64(sound), format: "opus", is_final: true })) notSent();
});

function notSent() {
  turn.view.fault("Not sent: not connected.");
  finish();
}

async function loadSamples() {
  const samples = await ask(address("app/api/samples"));
  for (const category of new Set(samples.map((sample) => sample.category))) {
    const group = make("optgroup", { label: category });
    for (const { id, text, speaker: voice } of samples.filter((sample) => sample.category === category)) {
      group.append(make("option", { value: id, text: voice ? `${text} (${voice})` : text }));
    }
    $("sample").append(group);
  }
}

// Sessions.

async function listSessions() {
  const user = encodeURIComponent(wire.userId);
  const { sessions } = await ask(address(`api/conversation-sessions/sessions?user_id=${user}&limit=20`));
  const used = sessions.filter((session) => session.turn_count);
  $("sessions").replaceChildren(...used.map(sessionButton));
  if (!used.length) $("sessions").append(make("li", { text: "None yet." }));
}

function sessionButton({ session_id, created_at, turn_count }) {
  const when = new Date(created_at).toLocaleString();
  const button = make("button", { type: "button", text: `${when}, ${turn_count} ${turn_count === 1 ? "turn" : "turns"}` });
  button.addEventListener("click", () => resume(session_id).catch((error) => tell(error.message)));
  return make("li", {}, button);
}

async function resume(sessionId) {
  await showTurns(sessionId);
  connect(sessionId);
}

async function showTurns(sessionId) {
  const session = await ask(address(`api/conversation-sessions/sessions/${sessionId}`));
  $("turns").replaceChildren();
  $("empty").hidden = session.turns.length > 0;
  for (const kept of session.turns) {
    const view = new TurnView($("turns"));
    if (kept.transcription) view.said(kept.transcription);
    // If an answer was interrupted at once, no word of it was heard. Show its intent and entities nevertheless.
    if (kept.agent_response !== null) view.answer({ text: kept.agent_response, intent: kept.intent ?? "", entities: kept.entities });
    if (kept.error === "interrupted") view.stopped();
    else if (kept.error) view.fault(`This turn failed: ${kept.error}`);
  }
}

function startOver() {
  turn = null;
  speaker.stop();
  sessionStorage.removeItem("session");
  $("turns").replaceChildren();
  $("empty").hidden = false;
  connect(null);
}

$("history").addEventListener("toggle", () => $("history").open && listSessions().catch((error) => tell(error.message)));
$("new-session").addEventListener("click", startOver);
$("who").addEventListener("submit", (event) => {
  event.preventDefault();
  localStorage.setItem("user", $("user").value.trim());
  startOver();
});

$("sign-out").addEventListener("click", async () => {
  await ask(address("app/api/user"), { method: "DELETE" }).catch((error) => tell(error.message));
  sessionStorage.removeItem("session");
  location.reload();
});

function showLevels() {
  $("input-level").value = recording || handsFree ? microphone.level : 0;
  $("output-level").value = speaker.level;
  requestAnimationFrame(showLevels);
}

async function start() {
  const { user } = await ask(address("app/api/user")).catch(() => ({ user: null }));
  $("user").value = user ?? (localStorage.getItem("user") || "anonymous");
  // With a token, the user is fixed.
  $("user").readOnly = user !== null;
  $("who").querySelector("button").hidden = user !== null;
  $("sign-out").hidden = user === null;
  const kept = sessionStorage.getItem("session");
  if (kept) await showTurns(kept).catch(() => sessionStorage.removeItem("session"));
  connect(sessionStorage.getItem("session"));
  showLevels();
  loadSamples().catch((error) => tell(error.message));
  const { modes = [] } = await ask(address("ws/status/audio")).catch(() => ({}));
  $("hands-free-line").hidden = !modes.includes("continuous");
}

addEventListener("pagehide", () => microphone.close());
start();
