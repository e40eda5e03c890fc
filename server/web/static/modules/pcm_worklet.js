// Audio worklet that posts 16-bit samples in blocks of 20 ms.

class Pcm extends AudioWorkletProcessor {
  #samples = new Int16Array(Math.round(sampleRate / 50));
  #filled = 0;
  #running = true;

  constructor() {
    super();
    this.port.onmessage = () => {
      this.#running = false;
      this.#hand(true);
    };
  }

  process([input]) {
    for (const sample of (this.#running && input[0]) || []) {
      this.#samples[this.#filled++] = Math.max(-32768, Math.min(32767, Math.round(sample * 32768)));
      if (this.#filled === this.#samples.length) this.#hand(false);
    }
    return this.#running;
  }

  #hand(last) {
    const samples = this.#samples.slice(0, this.#filled).buffer;
    this.port.postMessage({ samples, last }, [samples]);
    this.#filled = 0;
  }
}

registerProcessor("pcm", Pcm);
