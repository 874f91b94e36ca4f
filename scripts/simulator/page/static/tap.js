// Runs beside the page, in the browser's audio thread: hands on what the microphone hears.

class Tap extends AudioWorkletProcessor {
  process([input]) {
    if (input.length > 0) this.port.postMessage(input[0].slice());
    return true;
  }
}

registerProcessor("tap", Tap);
