// The Record page: the user speaks one prompt after another, and accepts or repeats each recording.

import { address } from "./addresses.js";
import { $, ask, make, tell } from "./element.js";
import { Microphone, MicrophoneError } from "./microphone.js";

const API = "app/api/recordings";
const microphone = new Microphone();
let set = null;
let place = 0;
let take = null;
let recording = null;

const at = (...parts) => address([API, ...parts.map(encodeURIComponent)].join("/"));
const attempt = (work) => (event) => {
  event?.preventDefault();
  tell(null);
  return work(event).catch((error) => tell(error.message));
};

// The set.

async function start() {
  const { enabled, consent, sets } = await ask(at());
  $("off").hidden = enabled;
  $("choose").hidden = !enabled;
  $("consent-text").textContent = consent;
  $("set").replaceChildren(...sets.map((name) => make("option", { value: name, text: name })));
  $("open-set").hidden = !sets.length;
  $("speaker").value = localStorage.getItem("speaker") ?? "";
  const kept = sessionStorage.getItem("set");
  if (sets.includes(kept)) await openSet(kept);
}

async function openSet(name) {
  set = await ask(at(name));
  sessionStorage.setItem("set", name);
  $("choose").open = false;
  $("command").textContent = `voicelab evaluate --samples "$RECORDINGS_DIR/${name}"`;
  await listDevices();
  goOn();
  for (const id of ["speaker-card", "studio", "result"]) $(id).hidden = false;
}

// Go to an undecided take of this speaker, or to the first prompt without a recording.
function goOn() {
  const speaker = $("speaker").value;
  const waiting = set.takes.find((one) => one.speaker === speaker || !speaker);
  if (waiting) $("speaker").value = waiting.speaker;
  const isNext = (prompt) => (waiting ? prompt.id === waiting.prompt_id : !prompt.speakers.includes(speaker));
  place = Math.max(0, set.prompts.findIndex(isNext));
  showPrompt(waiting ?? null);
}

$("open-set").addEventListener("submit", attempt(() => openSet($("set").value)));
$("make-set").addEventListener("submit", attempt(async () => {
  const texts = $("texts").value.split("\n").filter((line) => line.trim());
  const name = $("set-name").value.trim();
  await ask(at(), json({ name, texts: texts.length ? texts : null }));
  if (![...$("set").options].some((option) => option.value === name)) {
    $("set").append(make("option", { value: name, text: name }));
    $("open-set").hidden = false;
  }
  await openSet(name);
}));

const json = (body) => ({ method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) });

async function listDevices() {
  const devices = (await navigator.mediaDevices?.enumerateDevices?.()) ?? [];
  const chosen = $("device").value;
  const named = devices.filter((device) => device.kind === "audioinput" && device.deviceId && device.label);
  $("device").replaceChildren(
    make("option", { value: "", text: "default microphone" }),
    ...named.map((device) => make("option", { value: device.deviceId, text: device.label })),
  );
  $("device").value = chosen;
}

$("device").addEventListener("change", () => microphone.close());
$("speaker").addEventListener("change", () => {
  localStorage.setItem("speaker", $("speaker").value);
  $("consent").checked = false;
  if (set) goOn();
});

// The prompts.

function showPrompt(waiting) {
  const prompt = set.prompts[place];
  const done = set.prompts.filter((one) => one.speakers.includes($("speaker").value)).length;
  const kept = prompt.speakers.includes($("speaker").value) ? "; this one is accepted" : "";
  $("progress").textContent = `Prompt ${place + 1} of ${set.prompts.length}, ${done} accepted${kept}.`;
  $("prompt").textContent = prompt.text;
  $("previous").disabled = place === 0;
  $("next").disabled = place === set.prompts.length - 1;
  showTake(waiting);
}

function go(step) {
  place = Math.min(set.prompts.length - 1, Math.max(0, place + step));
  const waiting = set.takes.find((one) => one.prompt_id === set.prompts[place].id && one.speaker === $("speaker").value);
  showPrompt(waiting ?? null);
}

$("previous").addEventListener("click", () => go(-1));
$("next").addEventListener("click", () => go(1));

// A take.

async function begin() {
  if (!$("speaker").value || !$("speaker").checkValidity()) throw new Error("Give the speaker a short name: lower-case letters, digits, - and _.");
  if (!$("consent").checked) throw new Error("Confirm the speaker's consent before recording.");
  await microphone.open({ deviceId: $("device").value || null });
  await listDevices();
  recording = { pieces: [], fields: null };
  showTake(null);
  await microphone.start((piece, fields) => {
    recording.pieces.push(piece);
    recording.fields = fields;
  });
  $("record").textContent = "Stop";
  $("record").setAttribute("aria-pressed", "true");
}

async function end() {
  const { pieces, fields } = recording;
  await microphone.stop();
  recording = null;
  $("record").textContent = "Record";
  $("record").setAttribute("aria-pressed", "false");
  if (!pieces.length) throw new Error("Nothing was recorded; speak a little longer.");
  await send(fields.format === "opus" ? new Blob(pieces) : wav(pieces, fields.sample_rate));
}

async function send(sound) {
  const form = new FormData();
  form.append("audio", sound, "take");
  form.append("prompt_id", set.prompts[place].id);
  form.append("speaker", $("speaker").value);
  form.append("device", microphone.name);
  form.append("consent", "true");
  $("record").disabled = true;
  try {
    const made = await ask(at(set.name, "takes"), { method: "POST", body: form });
    set.takes.push(made);
    showTake(made);
  } catch (error) {
    // The page still has the audio and can send it again.
    tell(`${error.message} This page still has the recording; press “Send again”.`);
    $("record").after(retryButton(sound));
  } finally {
    $("record").disabled = false;
  }
}

function retryButton(sound) {
  const button = make("button", { type: "button", text: "Send again", id: "retry" });
  $("retry")?.remove();
  button.addEventListener("click", attempt(async () => {
    button.remove();
    await send(sound);
  }));
  return button;
}

// A WAV file of 16-bit samples, for browsers that cannot record WebM.
function wav(pieces, rate) {
  const bytes = pieces.reduce((sum, piece) => sum + piece.byteLength, 0);
  const head = new DataView(new ArrayBuffer(44));
  const text = (offset, letters) => [...letters].forEach((letter, i) => head.setUint8(offset + i, letter.charCodeAt(0)));
  text(0, "RIFF"); head.setUint32(4, 36 + bytes, true); text(8, "WAVEfmt ");
  head.setUint32(16, 16, true); head.setUint16(20, 1, true); head.setUint16(22, 1, true);
  head.setUint32(24, rate, true); head.setUint32(28, 2 * rate, true); head.setUint16(32, 2, true); head.setUint16(34, 16, true);
  text(36, "data"); head.setUint32(40, bytes, true);
  return new Blob([head.buffer, ...pieces]);
}

function showTake(made) {
  take = made;
  $("take").hidden = !made;
  if (!made) {
    $("playback").removeAttribute("src");
    return;
  }
  $("playback").src = at(set.name, "takes", made.id, "audio");
  const wer = made.report.wer;
  const errors = wer === null || wer === undefined ? "" : ` (word error rate ${Math.round(100 * wer)} %)`;
  $("heard").textContent = made.heard === null ? "The recognizer failed." : `Heard: “${made.heard}”${errors}`;
  const faults = (made.report.findings ?? []).map((finding) => make("li", { className: "fault", text: finding.advice }));
  $("findings").replaceChildren(...(faults.length ? faults : [make("li", { className: "fine", text: "Level, noise, start and end are good." })]));
  $("accept").focus();
}

const forget = (one) => (set.takes = set.takes.filter((other) => other.id !== one.id));

$("record").addEventListener("click", attempt(() => (recording ? end() : begin()).catch((error) => {
  recording = null;
  if (error instanceof MicrophoneError) microphone.close();
  throw error;
})));

$("accept").addEventListener("click", attempt(async () => {
  await ask(at(set.name, "takes", take.id, "accept"), { method: "POST" });
  const prompt = set.prompts[place];
  if (!prompt.speakers.includes(take.speaker)) prompt.speakers.push(take.speaker);
  forget(take);
  go(place === set.prompts.length - 1 ? 0 : 1);
  $("record").focus();
}));

$("again").addEventListener("click", attempt(async () => {
  await ask(at(set.name, "takes", take.id), { method: "DELETE" });
  forget(take);
  showTake(null);
  $("record").focus();
}));

function showLevel() {
  $("input-level").value = microphone.level;
  requestAnimationFrame(showLevel);
}

addEventListener("pagehide", () => microphone.close());
showLevel();
attempt(start)();
