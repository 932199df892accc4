// Follows the ledger: by its stream of events, and by asking again where there is none.
import { headers } from "./key.js";
import { refresh } from "./refresh.js";

const RETRY_MS = 2000;
const GATHER_MS = 150;
const POLL_MS = 5000;

let pending = 0;
let last = 0;
let stream = null;
let lost = "";

export function follow() {
  addEventListener("onrecord-key", restart);
  addEventListener("onrecord-moved", restart);
  // A page that is left with its stream open could not be kept for when the reader comes back.
  addEventListener("pagehide", restart);
  run();
}

// A page of the past does not change: it needs no stream.
function isPast() {
  const asked = new URLSearchParams(location.search);
  return asked.has("known_at") && asked.get("known_at") !== "";
}

function restart() {
  stream?.abort();
}

async function run() {
  for (;;) {
    stream = new AbortController();
    if (isPast()) say("This is a page of the past.");
    else await listen(stream.signal).catch(() => {});
    if (!isPast() && !stream.signal.aborted) tellLost();
    await pause(RETRY_MS);
    if (!isPast()) await refresh().catch(() => false);
  }
}

async function listen(signal) {
  if (!last) last = await position(signal);
  const asked = headers({ Accept: "text/event-stream", ...(last ? { "Last-Event-ID": String(last) } : {}) });
  const response = await fetch("/v1/events", { headers: asked, signal });
  if (!response.ok || !response.headers.get("Content-Type").startsWith("text/event-stream")) return poll(signal);
  lost = "";
  say("Live.");
  for await (const event of events(response.body)) heard(event);
}

// Where the page stands: the stream goes on from there, so that nothing falls between.
async function position(signal) {
  const response = await fetch("/v1/summary", { method: "HEAD", headers: headers(), signal });
  return Number(response.headers.get("Onrecord-Position") ?? 0);
}

async function poll(signal) {
  say("Asking again every five seconds.");
  while (!signal.aborted) {
    await pause(POLL_MS);
    await refresh();
  }
}

async function* events(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    text += value;
    const parts = text.split(/\r?\n\r?\n/);
    text = parts.pop();
    for (const part of parts) yield parse(part);
  }
}

function parse(part) {
  const event = { id: "", data: "" };
  for (const line of part.split(/\r?\n/)) {
    const [, name, value] = line.match(/^([a-z]+): ?(.*)$/) ?? [];
    if (name === "id") event.id = value;
    if (name === "data") event.data += value;
  }
  return event;
}

function heard(event) {
  if (event.id) last = Number(event.id);
  if (!event.data || pending) return;
  const claim = document.getElementById("dossier")?.dataset.claim;
  // A claim's page changes with its own events, and with those of the claims that it is linked to.
  if (claim && !isAbout(claim, event.data)) return;
  pending = setTimeout(() => {
    pending = 0;
    refresh().then(() => say(`Live: changed ${new Date().toLocaleTimeString()}.`), () => {});
  }, GATHER_MS);
}

function isAbout(claim, data) {
  if (data.includes(`"${claim}"`)) return true;
  const linked = document.querySelectorAll("#dossier .links a");
  return [...linked].some((link) => data.includes(`"${decodeURIComponent(link.pathname.split("/").pop())}"`));
}

function tellLost() {
  lost ||= new Date().toLocaleTimeString();
  say(`Not connected since ${lost}: what you see may be old. Trying again.`);
}

function say(words) {
  const live = document.getElementById("live");
  if (!live) return;
  live.setAttribute("data-own", "");
  live.textContent = words;
}

function pause(milliseconds) {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}
