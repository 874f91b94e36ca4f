// From the microphone to a WAV file: 16 kHz, 16 bit, mono. Nothing is sent from here.

const RATE = 16000;
const HEADER_BYTES = 44;

export class Microphone {
  #stream = null;
  #context = null;
  #chunks = [];

  // Resolves as soon as it hears.
  async start() {
    if (!navigator.mediaDevices) throw new Error("This browser gives no page here a microphone.");
    this.#stream = await navigator.mediaDevices.getUserMedia({ audio: { channelCount: 1 } });
    this.#chunks = [];
    try {
      await this.#listen(new AudioContext({ sampleRate: RATE }));
    } catch (error) {
      // Firefox joins a microphone only to a context of its own rate.
      if (error.name !== "NotSupportedError") throw error;
      await this.#context.close();
      await this.#listen(new AudioContext());
    }
  }

  async #listen(context) {
    this.#context = context;
    await context.audioWorklet.addModule(new URL("tap.js", import.meta.url));
    const tap = new AudioWorkletNode(context, "tap");
    const first = new Promise((resolve) => {
      tap.port.onmessage = ({ data }) => {
        this.#chunks.push(data);
        resolve();
      };
    });
    context.createMediaStreamSource(this.#stream).connect(tap);
    tap.connect(context.destination);  // it says nothing, but what leads nowhere is not run
    await context.resume();
    await first;
  }

  // Returns what was heard, and lets go of the microphone.
  async stop() {
    const rate = this.#context.sampleRate;
    await this.release();
    return wavOf(rate === RATE ? joined(this.#chunks) : await resampled(joined(this.#chunks), rate));
  }

  async release() {
    for (const track of this.#stream?.getTracks() ?? []) track.stop();
    if (this.#context && this.#context.state !== "closed") await this.#context.close();
  }
}

function joined(chunks) {
  const samples = new Float32Array(chunks.reduce((sum, chunk) => sum + chunk.length, 0));
  let at = 0;
  for (const chunk of chunks) {
    samples.set(chunk, at);
    at += chunk.length;
  }
  return samples;
}

async function resampled(samples, rate) {
  const context = new OfflineAudioContext(1, Math.ceil((samples.length * RATE) / rate), RATE);
  const buffer = context.createBuffer(1, samples.length, rate);
  buffer.copyToChannel(samples, 0);
  const source = context.createBufferSource();
  source.buffer = buffer;
  source.connect(context.destination);
  source.start();
  return (await context.startRendering()).getChannelData(0);
}

function wavOf(samples) {
  const bytes = samples.length * 2;
  const view = new DataView(new ArrayBuffer(HEADER_BYTES + bytes));
  const text = (at, letters) => [...letters].forEach((c, i) => view.setUint8(at + i, c.charCodeAt(0)));
  text(0, "RIFF");
  view.setUint32(4, HEADER_BYTES - 8 + bytes, true);
  text(8, "WAVEfmt ");
  view.setUint32(16, 16, true);
  view.setUint16(20, 1, true);
  view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true);
  view.setUint32(28, RATE * 2, true);
  view.setUint16(32, 2, true);
  view.setUint16(34, 16, true);
  text(36, "data");
  view.setUint32(40, bytes, true);
  samples.forEach((sample, i) => {
    view.setInt16(HEADER_BYTES + i * 2, Math.max(-1, Math.min(1, sample)) * 0x7fff, true);
  });
  return view.buffer;
}
