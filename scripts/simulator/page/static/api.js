// The page's few requests, all to the server that it came from.

export class Refused extends Error {
  constructor(message, status) {
    super(message);
    this.status = status;
  }
}

export const GONE = 410;

async function ask(path, options) {
  let answer;
  try {
    answer = await fetch(path, options);
  } catch {
    throw new Refused("The simulator does not answer. Is scripts/run still running?", 0);
  }
  if (answer.ok) return answer;
  const { error } = await answer.json().catch(() => ({}));
  throw new Refused(error ?? `The simulator answered HTTP ${answer.status}.`, answer.status);
}

const post = (path, body, type) =>
  ask(path, { method: "POST", headers: { "Content-Type": type }, body });

const postJson = (path, content) => post(path, JSON.stringify(content), "application/json");

export const openTab = async (locale) => (await postJson("api/tabs", { locale })).json();

export const takeTurn = async (tab, say) => (await postJson(`api/tabs/${tab}/turns`, { say })).json();

export const speech = async (ssml) => (await postJson("api/speech", { ssml })).arrayBuffer();

// Why nothing can be heard here, or null.
export const hearingProblem = async (locale) =>
  (await (await ask(`api/words/${locale}`)).json()).problem;

export const words = async (locale, wav) =>
  (await (await post(`api/words/${locale}`, wav, "audio/wav")).json()).words;
