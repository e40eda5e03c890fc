// The microphone: its level, and its audio as chunks while the user speaks.

import { address } from "./addresses.js";

const CHUNK_MS = 100;
const WEBM = "audio/webm;codecs=opus";

const ADVICE = {
  NotAllowedError: "The browser may not use the microphone. Allow it in the site's settings (beside the address), then press again.",
  NotFoundError: "No microphone was found. Connect one, or send a recording or a typed command instead.",
  NotReadableError: "Another program uses the microphone. Close it, then press again.",
  OverconstrainedError: "This microphone is no longer available. Choose another one.",
};

export class MicrophoneError extends Error {}

export class Microphone {
  #stream = null;
  #context = null;
  #analyser = null;
  #recording = null;

  // deviceId: null for the default. echoCancellation: needed hands-free, where the microphone picks up the reply.
  async open({ deviceId = null, echoCancellation = false } = {}) {
    if (this.#stream) return;
    if (!navigator.mediaDevices?.getUserMedia) {
      throw new MicrophoneError("Browsers allow the microphone only on https pages and on localhost. Open the page there.");
    }
    const audio = { echoCancellation, noiseSuppression: false, autoGainControl: false, channelCount: 1 };
    if (deviceId) audio.deviceId = { exact: deviceId };
    try {
      this.#stream = await navigator.mediaDevices.getUserMedia({ audio });
    } catch (error) {
      throw new MicrophoneError(ADVICE[error.name] ?? `The microphone cannot be opened (${error.name}).`);
    }
    this.#context = new AudioContext();
    await this.#context.resume();
    this.#analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
    this.#context.createMediaStreamSource(this.#stream).connect(this.#analyser);
  }

  get name() {
    return this.#stream?.getAudioTracks()[0]?.label ?? "";
  }

  // 0..1: the peak of the last 20 ms or so.
  get level() {
    return this.#analyser ? peak(this.#analyser) : 0;
  }

  // Calls onChunk(ArrayBuffer, {format, sample_rate}) for each chunk in order. continuous: an endless stream without a container.
  async start(onChunk, { continuous = false } = {}) {
    const webm = !continuous && globalThis.MediaRecorder?.isTypeSupported(WEBM);
    const way = webm ? recordWebm : recordPcm;
    this.#recording = await way(this.#stream, this.#context, onChunk);
  }

  // Resolves when onChunk has been called for all chunks.
  async stop() {
    const recording = this.#recording;
    this.#recording = null;
    await recording?.();
  }

  close() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    this.#context?.close();
    this.#stream = this.#context = this.#analyser = null;
  }
}

export function peak(analyser) {
  const samples = new Float32Array(analyser.fftSize);
  analyser.getFloatTimeDomainData(samples);
  return samples.reduce((highest, sample) => Math.max(highest, Math.abs(sample)), 0);
}

async function recordWebm(stream, _context, onChunk) {
  const recorder = new MediaRecorder(stream, { mimeType: WEBM, audioBitsPerSecond: 32000 });
  // Blobs are read asynchronously; the promise chain keeps their order.
  let handed = Promise.resolve();
  recorder.ondataavailable = ({ data }) => {
    if (data.size) handed = handed.then(async () => onChunk(await data.arrayBuffer(), { format: "opus" }));
  };
  recorder.start(CHUNK_MS);
  return () =>
    new Promise((done) => {
      recorder.onstop = () => handed.then(done);
      recorder.stop();
    });
}

// For browsers whose MediaRecorder does not support WebM: 16-bit samples directly from the microphone.
async function recordPcm(stream, context, onChunk) {
  await context.audioWorklet.addModule(address("app/assets/modules/pcm_worklet.js"));
  const source = context.createMediaStreamSource(stream);
  const node = new AudioWorkletNode(context, "pcm", { numberOfOutputs: 0, channelCount: 1, channelCountMode: "explicit" });
  const fields = { format: "pcm16", sample_rate: Math.round(context.sampleRate) };
  let flushed;
  node.port.onmessage = ({ data }) => {
    if (data.samples.byteLength) onChunk(data.samples, fields);
    if (data.last) flushed();
  };
  source.connect(node);
  return () =>
    new Promise((done) => {
      flushed = () => {
        source.disconnect(node);
        done();
      };
      node.port.postMessage("stop");
    });
}
