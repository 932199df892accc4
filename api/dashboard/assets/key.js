// The reader's key: kept for this tab only, sent as a header only, never in an address.
import { refresh } from "./refresh.js";

const STORED = "onrecord-key";

export function headers(more = {}) {
  const key = sessionStorage.getItem(STORED);
  return key ? { Authorization: `Bearer ${key}`, ...more } : more;
}

export function hasKey() {
  return sessionStorage.getItem(STORED) !== null;
}

export function offerKey(tools) {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "plain";
  button.addEventListener("click", () => (hasKey() ? forget() : ask(tools)));
  tools.replaceChildren(button);
  name(button);
  addEventListener("onrecord-key", () => name(button));
  // What the server sent was for the public: with a key the page is another one.
  if (hasKey()) refresh();
}

function name(button) {
  button.textContent = hasKey() ? "Forget the key" : "Use a key";
}

function forget() {
  sessionStorage.removeItem(STORED);
  changed();
}

function changed() {
  dispatchEvent(new Event("onrecord-key"));
  refresh();
}

function ask(tools) {
  const dialog = document.createElement("dialog");
  const form = document.createElement("form");
  const label = document.createElement("label");
  const input = document.createElement("input");
  const button = document.createElement("button");
  form.method = "dialog";
  input.type = "password";
  input.autocomplete = "off";
  input.required = true;
  button.textContent = "Use it in this tab";
  label.append("Key ", input);
  form.append(label, " ", button);
  form.addEventListener("submit", () => {
    sessionStorage.setItem(STORED, input.value.trim());
    changed();
  });
  dialog.append(form);
  dialog.addEventListener("close", () => dialog.remove());
  tools.append(dialog);
  dialog.showModal();
}
