// Checks each new checkpoint: signed by the key seen first, and consistent with the one seen last.
import { equal, fromBase64, openCheckpoint, rootOf, tileReader, toBase64 } from "./merkle.js";

const SEEN = "onrecord-checkpoint";
const KEY = "onrecord-log-key";
const AGAIN_MS = 10000;

export async function verifierKey() {
  const response = await fetch("/log/key");
  if (!response.ok) throw new Error("the log has no key yet");
  const told = (await response.text()).trim();
  const known = localStorage.getItem(KEY);
  if (known && known !== told) throw new Error("the log signs with another key than it did");
  localStorage.setItem(KEY, told);
  return told;
}

export async function watchLog() {
  for (;;) {
    if (document.getElementById("verified")) {
      await check().then(
        (words) => say(words, "good"),
        (error) => say(`Not verified: ${error.message}.`, error instanceof TypeError ? "quiet" : "bad"),
      );
    }
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

async function check() {
  const response = await fetch("/log/checkpoint", { cache: "no-cache" });
  if (!response.ok) throw new TypeError("there is no checkpoint yet");
  const seen = await openCheckpoint(await response.text(), await verifierKey());
  const read = tileReader(seen.size, fetchTile);
  if (!equal(await rootOf(seen.size, read), seen.root)) throw new Error("the tiles do not lead to the signed root");
  const known = JSON.parse(localStorage.getItem(SEEN) ?? "null");
  if (known && known.origin === seen.origin) await compare(known, seen, read);
  localStorage.setItem(SEEN, JSON.stringify({ origin: seen.origin, size: seen.size, root: toBase64(seen.root) }));
  const since = known ? `, consistent with the ${known.size.toLocaleString()} seen before` : "";
  return `Verified in this browser: ${seen.size.toLocaleString()} entries${since}.`;
}

async function compare(known, seen, read) {
  if (seen.size < known.size) throw new Error(`the log has shrunk from ${known.size} to ${seen.size} entries`);
  // Both roots from the same tiles: what stood there then stands there now.
  if (!equal(await rootOf(known.size, read), fromBase64(known.root))) {
    throw new Error(`the first ${known.size} entries are not those seen before`);
  }
}

async function fetchTile(path) {
  const response = await fetch(`/log/${path}`);
  if (!response.ok) throw new Error(`${path} can not be read`);
  return new Uint8Array(await response.arrayBuffer());
}

function say(words, how) {
  const verified = document.getElementById("verified");
  if (!verified) return;
  verified.setAttribute("data-own", "");
  verified.textContent = words;
  verified.className = `quiet ${how}`;
}
