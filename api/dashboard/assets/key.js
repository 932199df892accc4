// The reader's key: kept for this tab only, sent as a header only, never in an address.
import { refresh } from "./refresh.js";

const STORED = "onrecord-key";

const said = document.createElement("span");
let left = null;

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
  said.className = "bad";
  said.setAttribute("role", "status");
  tools.replaceChildren(said, " ", button);
  name(button);
  addEventListener("onrecord-key", () => name(button));
  // A page that was kept while its reader was elsewhere may be another reader's by now.
  addEventListener("pagehide", () => (left = sessionStorage.getItem(STORED)));
  addEventListener("pageshow", ({ persisted }) => {
    if (persisted && left !== sessionStorage.getItem(STORED)) changed();
  });
  // What the server sent was for the public: with a key the page is another one.
  if (hasKey()) refresh();
}

// The server does not know the key, or not any more: the page is the public's from here on.
export function loseKey() {
  sessionStorage.removeItem(STORED);
  said.textContent = "The key is not good, or not any more.";
  dispatchEvent(new CustomEvent("onrecord-key", { detail: "lost" }));
  return refresh();
}

function name(button) {
  button.textContent = hasKey() ? "Forget the key" : "Use a key";
}

function forget() {
  sessionStorage.removeItem(STORED);
  changed();
}

function changed() {
  said.textContent = "";
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
