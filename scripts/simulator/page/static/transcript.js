// What was said, by whom, in large type; and the same as a test.

import { adviceTag, byId, element } from "./elements.js";

const SILENCE_SHOWN = "(silence)";

export class Transcript {
  #log = byId("transcript");
  #hint = byId("hint");
  #lines = [];
  #day = null;

  clear() {
    this.#log.replaceChildren(this.#hint);
    this.#lines = [];
    this.#day = null;
  }

  // Keeps what is on the screen; what is saved begins anew.
  cut(text) {
    this.#lines = [];
    this.#day = null;
    if (!this.#hint.isConnected) this.#add(element("p", { className: "cut", text }));
  }

  heard(utterance) {
    this.#add(entry("you", "You", utterance || SILENCE_SHOWN));
  }

  said(turn, locale) {
    this.#day ??= turn.request && dayOf(turn.request.request.timestamp);
    this.#lines.push(...turn.lines);
    turn.notes.forEach((note) => this.note(`(${note})`));
    const line = entry("skill", "Skill", turn.says);
    line.lang = locale;
    if (turn.engine?.advised) line.prepend(adviceTag(turn.engine.disposition));
    if (turn.says) this.#add(line);
    if (turn.failure) this.problem(`Alexa would not take this: ${turn.failure}.`);
    if (turn.session_ends) this.#add(element("p", { className: "cut", text: "Session ended" }));
    // What matters most is said first: it stays in sight, however much comes after it.
    if (turn.says) this.#log.scrollTop = Math.min(this.#log.scrollTop, line.offsetTop);
  }

  note(text) {
    this.#add(element("p", { className: "note", text }));
  }

  problem(text) {
    this.#add(element("p", { className: "note problem", text }));
  }

  // As tests/conversations keeps it, with the locale and the day that its words hold for.
  asTest(locale) {
    const about = `# recorded in ${locale} on ${this.#day ?? today()}`;
    return `${[about, ...this.#lines].join("\n")}\n`;
  }

  #add(line) {
    this.#hint.remove();
    this.#log.append(line);
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}

const dayOf = (timestamp) => timestamp.slice(0, "2026-11-24".length);

const today = () => dayOf(new Date().toISOString());

function entry(className, who, text) {
  const speaker = element("span", { className: "unseen", text: `${who}: ` });
  return element("p", { className }, speaker, element("span", { className: "words", text }));
}
