// One click checks an entry: its bytes, their digest, its place in the tree, and the signature over the root.
import { headers } from "./key.js";
import { verifierKey } from "./log.js";
import { entryOf, equal, hex, leafHash, openCheckpoint, openReceipt, rootOfInclusion, sha256 } from "./merkle.js";

export function offerProofs(main) {
  for (const line of main.querySelectorAll("[data-proof]:not(:has(button))")) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = "Check";
    button.setAttribute("data-own", "");
    button.addEventListener("click", () => show(button, line.closest(".entry").dataset));
    line.append(" · ", button);
    line.setAttribute("data-own", "");
  }
}

async function show(button, entry) {
  button.disabled = true;
  button.textContent = "Checking …";
  const result = document.createElement("span");
  result.setAttribute("role", "status");
  try {
    result.textContent = await check(entry);
    result.className = "good";
  } catch (error) {
    result.textContent = `Not proved: ${error.message}.`;
    result.className = "bad";
  }
  button.replaceWith(result);
}

async function check({ event, digest, position, recorded }) {
  const proof = await read(`/v1/events/${event}/proof`);
  const receipt = openReceipt(await proof.text());
  const checkpoint = await openCheckpoint(receipt.checkpoint, await verifierKey());
  if (receipt.index !== Number(position) - 1) throw new Error("the proof is of another entry");
  const leaf = await leafHash(entryOf(digest, recorded));
  const root = await rootOfInclusion(receipt.index, checkpoint.size, leaf, receipt.path);
  if (!equal(root, checkpoint.root)) throw new Error("its digest does not lead to the signed root");
  return `${await checkBytes(event, digest)} Entry ${position} of ${checkpoint.size}, under a signed root.`;
}

async function checkBytes(event, digest) {
  const response = await fetch(`/v1/events/${event}/bytes`, { headers: headers() });
  if (response.status === 410) return "Erased, its digest kept.";
  if (!response.ok) throw new Error("its bytes can not be read");
  if (hex(await sha256(await response.arrayBuffer())) !== digest) throw new Error("its bytes have another digest");
  return "Unaltered.";
}

async function read(address) {
  const response = await fetch(address, { headers: headers() });
  if (response.status === 503) throw new Error("no checkpoint covers it yet: try again in a second");
  if (!response.ok) throw new Error(`${address} answers ${response.status}`);
  return response;
}
