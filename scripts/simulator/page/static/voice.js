// Speech aloud: the server's voice, else one that the browser brings along.

import { speech } from "./api.js";

const LONGEST_WAIT_FOR_SOUND_MS = 1000;

const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Voice {
  #context = null;
  #source = null;
  #speeches = 0;
  #hasServerVoice;

  constructor(hasServerVoice) {
    this.#hasServerVoice = hasServerVoice;
  }

  get speaks() {
    return this.#hasServerVoice || browserVoices().length > 0;
  }

  // Resolves when all is said, or as soon as stop() is called.
  async speak(ssml, locale, onStart) {
    this.stop();
    if (this.#hasServerVoice) await this.#play(ssml, onStart);
    else await this.#browserSpeak(ssml, locale, onStart);
  }

  stop() {
    this.#speeches += 1;
    this.#source?.stop();
    this.#source = null;
    globalThis.speechSynthesis?.cancel();
  }

  async #play(ssml, onStart) {
    const mine = this.#speeches;
    this.#context ??= new AudioContext();
    const context = this.#context;
    const buffer = await context.decodeAudioData(await speech(ssml));
    // Where a browser lets nothing sound before a click, it never resumes.
    await Promise.race([context.resume(), pause(LONGEST_WAIT_FOR_SOUND_MS)]);
    if (mine !== this.#speeches || context.state !== "running") return;
    const source = new AudioBufferSourceNode(context, { buffer });
    source.connect(context.destination);
    const ended = new Promise((resolve) => (source.onended = resolve));
    source.start();
    this.#source = source;
    onStart();
    await ended;
  }

  #browserSpeak(ssml, locale, onStart) {
    const utterance = new SpeechSynthesisUtterance(plain(ssml));
    utterance.lang = locale;
    utterance.onstart = onStart;
    return new Promise((resolve) => {
      utterance.onend = utterance.onerror = resolve;
      speechSynthesis.speak(utterance);
    });
  }
}

export function browserVoices() {
  return globalThis.speechSynthesis?.getVoices() ?? [];
}

// The words as a voice without SSML has to be given them: digits one by one.
function plain(ssml) {
  const document = new DOMParser().parseFromString(ssml, "text/xml");
  for (const digits of document.querySelectorAll('say-as[interpret-as="digits"]')) {
    digits.textContent = [...digits.textContent].join(" ");
  }
  for (const sub of document.querySelectorAll("sub[alias]")) {
    sub.textContent = sub.getAttribute("alias");
  }
  return document.documentElement.textContent;
}
