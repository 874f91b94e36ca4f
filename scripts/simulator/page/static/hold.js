// A button to hold while talking, by pointer or by key; a screen reader's press starts and stops.

export function holdable(button, { start, stop }) {
  let held = false;
  let isPlainClick = true;

  const press = () => {
    if (held) return;
    held = true;
    start();
  };
  const letGo = () => {
    if (!held) return;
    held = false;
    stop();
  };

  button.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    isPlainClick = false;
    button.setPointerCapture(event.pointerId);
    press();
  });
  button.addEventListener("pointerup", letGo);
  button.addEventListener("pointercancel", letGo);
  button.addEventListener("contextmenu", (event) => event.preventDefault());
  button.addEventListener("keydown", (event) => {
    if (event.key !== " " && event.key !== "Enter") return;
    event.preventDefault();
    press();
  });
  button.addEventListener("keyup", (event) => {
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      letGo();
    }
  });
  button.addEventListener("blur", letGo);
  button.addEventListener("click", () => {
    if (isPlainClick) {
      if (held) letGo();
      else press();
    }
    isPlainClick = true;
  });
  return { letGo };
}
