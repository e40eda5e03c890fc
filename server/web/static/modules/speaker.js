// Plays a reply while it arrives. Each chunk starts at the sample at which the previous one ends.

import { peak } from "./microphone.js";

export const REPLY_RATE_HZ = 24000;
const LEAD_S = 0.04;
const SILENT = 0.003;

export class Speaker extends EventTarget {
  // The context has the reply's sample rate, because resampling each chunk separately causes audible seams.
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

  // Call it from a click or a key press. Browsers block audio before user input.
  async unlock() {
    await this.#context.resume();
  }

  get level() {
    return peak(this.#analyser);
  }

  // Seconds of the reply that have been played.
  get played_s() {
    const now = this.#context.currentTime - this.#latency_s;
    return Math.max(0, this.#given_s - Math.max(0, this.#next - now));
  }

  get playing() {
    return this.#sources.size > 0;
  }

  // Start a new reply. The event "sounds" gives the time (performance.now) at which its first sound is heard.
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

  // Latency from the context's clock to the loudspeaker.
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
