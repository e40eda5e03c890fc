// Plays a reply while it comes: each chunk begins at the very sample at which the one before it ends.

import { peak } from "./microphone.js";

export const REPLY_RATE_HZ = 24000;
const LEAD_S = 0.04;
const SILENT = 0.003;

export class Speaker extends EventTarget {
  // A context of the reply's own rate: resampled chunk by chunk there would be a seam between two of them.
  #context = new AudioContext({ sampleRate: REPLY_RATE_HZ });
  #analyser = new AnalyserNode(this.#context, { fftSize: 1024 });
  #sources = new Set();
  #next = 0;
  #given_s = 0;
  #first = true;
  gaps = 0;

  constructor() {
    super();
    this.#analyser.connect(this.#context.destination);
  }

  // From a click or a key: a browser lets no page sound before.
  async unlock() {
    await this.#context.resume();
  }

  get level() {
    return peak(this.#analyser);
  }

  // How much of the reply has been heard.
  get played_s() {
    const now = this.#context.currentTime - this.#latency_s;
    return Math.max(0, this.#given_s - Math.max(0, this.#next - now));
  }

  get playing() {
    return this.#sources.size > 0;
  }

  // A new reply; "sounds" is told with the instant (performance.now) at which its first sound is heard.
  begin() {
    this.stop();
    this.#first = true;
    this.#given_s = 0;
  }

  // bytes: 16-bit samples at REPLY_RATE_HZ.
  play(bytes) {
    const samples = new Int16Array(bytes.buffer, bytes.byteOffset, bytes.byteLength >> 1);
    if (!samples.length) return;
    const buffer = this.#context.createBuffer(1, samples.length, REPLY_RATE_HZ);
    const channel = buffer.getChannelData(0);
    samples.forEach((sample, place) => (channel[place] = sample / 32768));
    const now = this.#context.currentTime;
    if (this.#next < now) {
      if (this.playing || this.#next > 0) this.gaps += 1;
      this.#next = now + LEAD_S;
    }
    const source = new AudioBufferSourceNode(this.#context, { buffer });
    source.connect(this.#analyser);
    source.onended = () => this.#end(source);
    source.start(this.#next);
    this.#sources.add(source);
    this.#announce(channel, now);
    this.#next += samples.length / REPLY_RATE_HZ;
    this.#given_s += samples.length / REPLY_RATE_HZ;
  }

  stop() {
    for (const source of this.#sources) {
      source.onended = null;
      source.stop();
    }
    const was = this.playing;
    this.#sources.clear();
    this.#next = 0;
    if (was) this.dispatchEvent(new Event("ended"));
  }

  // From the context's clock to the ear.
  get #latency_s() {
    return this.#context.outputLatency || this.#context.baseLatency || 0;
  }

  #announce(channel, now) {
    const place = this.#first ? channel.findIndex((sample) => Math.abs(sample) > SILENT) : -1;
    if (place < 0) return;
    this.#first = false;
    const wait_s = this.#next - now + place / REPLY_RATE_HZ + this.#latency_s;
    this.dispatchEvent(new CustomEvent("sounds", { detail: performance.now() + 1000 * wait_s }));
  }

  #end(source) {
    this.#sources.delete(source);
    if (!this.playing) this.dispatchEvent(new Event("ended"));
  }
}
