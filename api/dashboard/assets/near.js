// While a claim is typed: those on record that come near to it, so that nobody begins one twice.
import { headers } from "./key.js";

const SETTLE_MS = 300;
const LEAST = 8; // characters
const MOST = 2000;
const SHOWN = 5;

// Puts what is near below the field. Only the count is read out; the claims are a list of links to go to.
export function offerNear(field) {
  const place = document.createElement("div");
  const said = document.createElement("p");
  const list = document.createElement("ul");
  place.className = "near";
  said.setAttribute("role", "status");
  place.append(said, list);
  field.closest("label").after(place);
  let settling = 0;
  let asking = null;
  field.addEventListener("input", () => {
    clearTimeout(settling);
    asking?.abort();
    asking = new AbortController();
    const { signal } = asking;
    settling = setTimeout(() => find(field.value.trim(), signal).then((claims) => show(said, list, claims), ignore), SETTLE_MS);
  });
}

// The reader's own key asks: what it may not read is not found.
async function find(text, signal) {
  if (text.length < LEAST) return [];
  const asked = new URLSearchParams({ similar_to: text.slice(0, MOST), limit: String(SHOWN) });
  const response = await fetch(`/v1/claims?${asked}`, { headers: headers(), signal });
  return response.ok ? (await response.json()).claims : [];
}

function show(said, list, claims) {
  const many = claims.length === 1 ? "1 claim on record comes near to this" : `${claims.length} claims on record come near to this`;
  said.textContent = claims.length ? `${many}. Is it one of them?` : "";
  list.replaceChildren(...claims.map(draw));
}

function draw(claim) {
  const item = document.createElement("li");
  const link = document.createElement("a");
  const standing = document.createElement("span");
  link.href = `/claims/${claim.claim_id}`;
  // Beside the form, which is kept; the new tab has the key too.
  link.target = "_blank";
  link.rel = "opener";
  link.dir = "auto";
  if (claim.language && claim.language !== "und") link.lang = claim.language;
  link.textContent = claim.text ?? claim.claim_id;
  standing.className = "quiet";
  standing.textContent = ` ${claim.standing.status}${claim.standing.contested ? ", contested" : ""} (opens in a new tab)`;
  item.append(link, standing);
  return item;
}

// Typed on, or not connected: there is nothing to suggest.
function ignore() {}
