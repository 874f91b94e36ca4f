// Joins the device on the server to what a person sees, hears, types and says.

import { GONE, Refused, hearingProblem, openTab, takeTurn, words as wordsIn } from "./api.js";
import { byId, element } from "./elements.js";
import { holdable } from "./hold.js";
import { Microphone } from "./microphone.js";
import { Panes } from "./panes.js";
import { Transcript } from "./transcript.js";
import { Voice, browserVoices } from "./voice.js";

const SILENCE = "";
const UNCLEAR = "(unclear)";  // as in voice/hearing.py
const PATIENCE_SECONDS = 8;
const LONGEST_RECORDING_MS = 20_000;
// How fast Alexa speaks English, roughly; for a device that is not to be heard.
const MS_A_WORD = 60_000 / 165;

const device = byId("device");
const state = byId("state");
const box = byId("words");
const locale = byId("locale");
const aloud = byId("aloud");
const eight = byId("eight");
const openButton = byId("open");
const holdButton = byId("hold");
const answerButtons = [...document.querySelectorAll("[data-say]")];

const transcript = new Transcript();
const panes = new Panes();
const microphone = new Microphone();

let starting = null;
let tab = null;
let voice = null;
let isOpen = false;
let isBusy = false;
let last = Promise.resolve();
let turns = 0;  // of this device; what belongs to an earlier one is dropped
let patience = null;

// --- the device ------------------------------------------------------------------------------

function light(name, label) {
  device.dataset.state = name;
  state.textContent = label;
}

function rest() {
  if (isOpen) light("listening", "Your turn");
  else light("idle", "Ready");
}

function begin(wanted) {
  starting = beginning(wanted);
  return starting;
}

async function beginning(wanted) {
  tab = await openTab(wanted);
  voice = new Voice(tab.voice !== null);
  isOpen = false;
  turns += 1;
  panes.clear();
  offerAnswers();
  rest();
  locale.replaceChildren(...tab.locales.map((one) => element("option", { text: one, value: one })));
  locale.value = tab.locale;
  tellVoice();
  tellHearing();
}

async function tellHearing() {
  const mine = tab;
  const problem = await hearingProblem(tab.locale).catch((error) => error.message);
  if (tab !== mine) return;
  holdButton.disabled = problem !== null;
  byId("hold-help").textContent = problem
    ? `You cannot talk to it here (${problem}). Type instead.`
    : "The sound stays on this machine.";
}

function tellVoice() {
  const fromBrowser = browserVoices().length;
  byId("aloud-help").textContent =
    tab.voice ??
    `No voice on this machine: install flite (on Debian: apt install flite). ${
      fromBrowser ? "Until then the browser speaks." : "The browser has none either."
    }`;
}

function offerAnswers() {
  const hadFocus = document.activeElement;
  const byKey = hadFocus?.matches(":focus-visible");
  openButton.hidden = isOpen;
  for (const button of answerButtons) button.hidden = !isOpen;
  // A button that goes away must not take the keyboard's place along.
  if (hadFocus?.hidden && byKey) (isOpen ? box : openButton).focus();
}

// --- a turn ----------------------------------------------------------------------------------

// Says it when the turn before has its answer. Returns whether it was said.
function say(utterance) {
  last = last.catch(() => {}).then(() => sayNow(utterance));
  return last;
}

async function sayNow(utterance) {
  isBusy = true;
  quieten();
  light("thinking", "Thinking");
  try {
    await (tab ? starting : begin(locale.value));
    const mine = ++turns;
    const turn = await takeTurn(tab.id, utterance);
    if (mine !== turns) return true;
    transcript.heard(utterance);
    isOpen = turn.is_open;
    transcript.said(turn, tab.locale);
    panes.show(turn);
    offerAnswers();
    answer(turn, mine);
    return true;
  } catch (error) {
    await recover(error);
    return false;
  } finally {
    isBusy = false;
  }
}

async function answer(turn, mine) {
  await speak(turn, mine);
  if (mine !== turns) return;
  rest();
  waitForAnswer();
}

async function speak(turn, mine) {
  if (!turn.ssml) return rest();
  if (!aloud.checked || !voice.speaks) {
    rest();
    // The microphone opens when all would have been said.
    const ms = turn.says.split(" ").length * MS_A_WORD;
    if (eight.checked) await new Promise((resolve) => setTimeout(resolve, ms));
    return;
  }
  try {
    await voice.speak(turn.ssml, tab.locale, () => {
      if (mine === turns) light("speaking", "Speaking");
    });
  } catch (error) {
    if (mine === turns) transcript.problem(`Nothing was heard: ${error.message}`);
  }
}

async function recover(error) {
  rest();
  transcript.problem(error.message);
  if (tab) locale.value = tab.locale;
  if (!(error instanceof Refused)) throw error;
  if (error.status !== GONE) return;
  await begin(tab.locale).catch((again) => transcript.problem(again.message));
  transcript.cut("A new device was started");
}

function quieten() {
  clearInterval(patience);
  voice?.stop();
}

// --- the eight-second rule -------------------------------------------------------------------

function waitForAnswer() {
  clearInterval(patience);
  if (!isOpen || !eight.checked) return;
  let left = PATIENCE_SECONDS;
  const tick = () => {
    // Whoever types is talking.
    if (box.value) left = PATIENCE_SECONDS;
    light("listening", box.value ? "Your turn" : `Your turn: ${left} s`);
    if (left > 0) left -= 1;
    else say(SILENCE);
  };
  tick();
  patience = setInterval(tick, 1000);
}

// --- talking ---------------------------------------------------------------------------------

let recording = null;
let recordedFor = null;
let limit = null;

const hold = holdable(holdButton, {
  start() {
    if (isBusy || !tab) return;
    quieten();
    turns += 1;
    recordedFor = tab;
    recording = listen();
    limit = setTimeout(() => hold.letGo(), LONGEST_RECORDING_MS);
  },
  async stop() {
    clearTimeout(limit);
    const hears = await recording;
    recording = null;
    byId("hold-label").textContent = "Hold to talk";
    if (hears && recordedFor === tab) {
      await sayHeard();
      return;
    }
    if (hears) {
      await microphone.release();
      transcript.note("(the device was changed while you spoke; say it again)");
    }
    rest();
  },
});

// Resolves to whether the microphone listens.
async function listen() {
  try {
    await microphone.start();
    light("listening", "Listening");
    byId("hold-label").textContent = "Let go to send";
    return true;
  } catch (error) {
    await microphone.release();
    transcript.problem(microphoneProblem(error));
    return false;
  }
}

function microphoneProblem(error) {
  switch (error.name) {
    case "NotAllowedError":
      return "The browser may not use the microphone: allow it beside the address, or type.";
    case "NotFoundError":
      return "No microphone was found: connect one, or type.";
    default:
      return `The microphone cannot be used (${error.message}): type instead.`;
  }
}

async function sayHeard() {
  light("thinking", "Thinking");
  try {
    const heard = await wordsIn(tab.locale, await microphone.stop());
    const isUnclear = heard === UNCLEAR;
    if (isUnclear) {
      transcript.note("(not clear: speak nearer, or where it is quieter, or type)");
    } else if (!heard) {
      transcript.note("(nothing was heard; hold the button while you speak)");
    }
    // Where no talk is open, unclear words would begin one.
    if (heard && (isOpen || !isUnclear)) {
      await say(heard);
      return;
    }
    rest();
    waitForAnswer();
  } catch (error) {
    await recover(error);
  }
}

// --- the controls ----------------------------------------------------------------------------

openButton.addEventListener("click", async () => {
  await starting.catch(() => {});
  if (!isBusy) say(tab?.opening ?? SILENCE);
});
for (const button of answerButtons) {
  // A second click was not meant for the question that it brings.
  button.addEventListener("click", () => isBusy || say(button.dataset.say));
}
// A key held down presses a button again and again, and from the box, once what was typed is said,
// sends silence until the session ends: nothing is meant by that.
document.addEventListener("keydown", (event) => {
  if (event.repeat && event.key === "Enter" && event.target.matches("button, #words")) {
    event.preventDefault();
  }
});

byId("typing").addEventListener("submit", async (event) => {
  event.preventDefault();
  const typed = box.value;
  box.value = "";
  if (!(await say(typed.trim())) && !box.value) box.value = typed;
});

aloud.addEventListener("change", () => {
  if (!aloud.checked) voice?.stop();
});
eight.addEventListener("change", () => {
  clearInterval(patience);
  if (device.dataset.state === "listening") {
    rest();
    waitForAnswer();
  }
});

locale.addEventListener("change", async () => {
  quieten();
  await begin(locale.value).catch(recover);
  transcript.cut(`A new device, locale ${tab.locale}`);
});

byId("anew").addEventListener("click", async () => {
  quieten();
  await begin(tab?.locale ?? SILENCE).catch(recover);
  transcript.clear();
});

byId("save").addEventListener("click", () => {
  const file = new Blob([transcript.asTest(tab.locale)], { type: "text/plain" });
  const link = element("a", { href: URL.createObjectURL(file), download: "conversation.txt" });
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
});

globalThis.speechSynthesis?.addEventListener("voiceschanged", () => tab && tellVoice());

await begin(SILENCE).catch(recover);
