// What a turn is made of: the envelopes, the session, and what the engine makes of it.

import { ADVICE, adviceTag, byId, element, named } from "./elements.js";

const NOTHING = "Nothing was sent yet.";

const SOON = "Here you will see which rules fire and why, and what would be asked next.";

export class Panes {
  constructor() {
    const tabs = [...document.querySelectorAll('[role="tab"]')];
    tabs.forEach((tab, index) => {
      tab.addEventListener("click", () => select(tabs, tab));
      tab.addEventListener("keydown", ({ key }) => {
        const next = { ArrowRight: index + 1, ArrowLeft: index - 1, Home: 0, End: -1 }[key];
        if (next === undefined) return;
        const chosen = tabs.at(next % tabs.length);
        select(tabs, chosen);
        chosen.focus();
      });
    });
    this.clear();
  }

  clear() {
    show("engine", quiet(`${NOTHING} ${SOON}`));
    for (const id of ["request", "response", "session"]) show(id, quiet(NOTHING));
  }

  show(turn) {
    if (!turn.request) return;  // the device answered by itself
    show("request", json(turn.request));
    show("response", element("h3", { text: `HTTP ${turn.status}` }), json(turn.response));
    const attributes = turn.response?.sessionAttributes ?? {};
    const state = turn.is_open ? "The session is open." : "The session is over.";
    show("session", quiet(state), json(attributes));
    show("engine", ...engine(turn));
  }
}

function select(tabs, chosen) {
  for (const tab of tabs) {
    const isChosen = tab === chosen;
    tab.setAttribute("aria-selected", isChosen);
    tab.tabIndex = isChosen ? 0 : -1;
    byId(tab.getAttribute("aria-controls")).hidden = !isChosen;
  }
}

function show(id, ...content) {
  byId(id).replaceChildren(...content);
  byId(id).scrollTop = 0;
}

const quiet = (text) => element("p", { className: "quiet", text });

const json = (content) => element("pre", { text: JSON.stringify(content, null, 2) });

function engine({ engine: view, is_open: isOpen }) {
  if (!view) return [quiet("The session attributes are of no state that this version knows.")];
  return [
    element("h3", { text: "Advice" }),
    advice(view, isOpen),
    ...asked(view, isOpen),
    element("h3", { text: `Rules that fire (${view.fired.length})` }),
    ...listOr(view.fired.map(rule), "None."),
    element("h3", { text: `Findings present (${view.present.length})` }),
    ...listOr(view.present.map(finding), "None."),
    quiet(`Rule set ${view.rule_set}`),
  ];
}

// A level has its colour only once it was advised: a green one would look like an all-clear.
function advice({ advised, disposition, in_scope: inScope }, isOpen) {
  if (advised) return element("p", {}, adviceTag(disposition));
  if (!isOpen) return quiet("None was given.");
  const otherwise =
    inScope || disposition !== "self_care"
      ? `it would be: ${ADVICE[disposition].toLowerCase()}.`
      : "there is none: these rules are for the upper back.";
  return quiet(`None yet. If nothing more is found, ${otherwise}`);
}

function asked(view, isOpen) {
  const title = element("h3", { text: "Next question, and why" });
  if (!view.next) return [title, quiet("None: no answer could make the advice more urgent.")];
  if (!isOpen) return [title, quiet("None: the session is over.")];
  const rules = view.next.could_fire;
  const count = rules.length === 1 ? "1 rule" : `${rules.length} rules`;
  return [
    title,
    element("p", { text: view.next.words }),
    element(
      "details",
      {},
      element("summary", { text: `It could still help to fire ${count}` }),
      element("ul", {}, ...rules.map(couldFire)),
    ),
  ];
}

const couldFire = ({ id, disposition, missing }) =>
  element(
    "li",
    {},
    element("strong", { text: named(id) }),
    " ",
    adviceTag(disposition),
    element("span", { className: "why", text: `needs ${missing.map(named).join(" and ")}` }),
  );

const finding = ({ id, answers }) =>
  element(
    "li",
    {},
    element("strong", { text: named(id) }),
    element("span", { className: "why", text: answers.map(named).join("; ") }),
  );

function rule({ id, disposition, decides, rationale, sources }) {
  const summary = element(
    "summary",
    {},
    element("strong", { text: named(id) }),
    " ",
    adviceTag(disposition),
    decides ? " decides" : "",
  );
  const details = element(
    "details",
    {},
    summary,
    element("p", { text: rationale }),
    element("ul", { className: "sources" }, ...sources.map(source)),
  );
  details.open = decides;
  return element("li", {}, details);
}

function source({ id, says, works }) {
  const about = works.length
    ? works.map((work) => element("span", { className: "work" }, ...published(work)))
    : [element("span", { className: "work", text: "A choice of this project." })];
  return element("li", {}, element("span", { text: `${id}: ${says}` }), ...about);
}

function published({ title, publisher, edition, address }) {
  const rest = [publisher, edition].filter(Boolean).join(", ");
  const name = address
    ? element("a", { text: title, href: address, target: "_blank", rel: "noreferrer" })
    : title;
  return [name, rest && ` (${rest})`];
}

const listOr = (items, otherwise) =>
  items.length ? [element("ul", {}, ...items)] : [quiet(otherwise)];
