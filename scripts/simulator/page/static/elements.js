// Small help with elements. Text only ever goes in as text.

export const byId = (id) => document.getElementById(id);

export function element(tag, { text, className, ...attributes } = {}, ...children) {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export const ADVICE = {
  emergency: "Emergency",
  urgent_same_day: "Be seen today",
  see_doctor: "See a doctor",
  self_care: "Care at home",
};

export const adviceTag = (level) =>
  element("span", { className: `tag tag-${level}`, text: ADVICE[level] ?? level });

export const named = (id) => id.replaceAll("_", " ");
