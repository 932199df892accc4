// The list goes on as the reader scrolls: the next page is fetched when its link comes near.
import { headers } from "./key.js";

// The claims of later pages stand in lists of so many: what is far from the window is not laid out, list by list.
const TOGETHER = 25;

const later = new Map();
const watcher = new IntersectionObserver((seen) => {
  for (const { isIntersecting, target } of seen) if (isIntersecting) load(target);
}, { rootMargin: "1200px" });
let first = null;
let last = null;
let closing = 0;

for (const other of ["onrecord-key", "onrecord-moved"]) addEventListener(other, beginAnew);

// Told of each page that is shown: what it begins with may have changed what is loaded already.
export function growList(shown) {
  dropRepeated();
  if (shown) closeGap(shown.detail);
  last = lastOf(document.getElementById("claims"));
  watch();
}

function watch() {
  const link = document.getElementById("more");
  if (link) watcher.observe(link);
}

async function load(link) {
  watcher.unobserve(link);
  const page = await read(link.href);
  // Another reader or another instant, meanwhile: this is not its list.
  if (!page || !link.isConnected) return;
  first ??= link.cloneNode(true);
  // From here on the way to the rest is this list's own: the server knows only that from its first page.
  link.closest("#rest").setAttribute("data-own", "");
  link.before(...listsOf(claimsOf(page)));
  dropRepeated();
  const next = page.getElementById("more");
  if (next) link.href = next.href;
  else link.remove();
  watch();
}

async function read(address) {
  const response = await fetch(address, { headers: headers() }).catch(() => null);
  return response?.ok ? new DOMParser().parseFromString(await response.text(), "text/html") : null;
}

function claimsOf(page) {
  return [...page.querySelectorAll("#claims > .claim")].filter(({ dataset }) => !isLater(dataset.claim));
}

function isLater(claim) {
  return Boolean(later.get(claim)?.isConnected);
}

function listsOf(claims) {
  const lists = [];
  for (let begin = 0; begin < claims.length; begin += TOGETHER) {
    const list = document.createElement("ol");
    list.className = "claims later";
    for (const claim of claims.slice(begin, begin + TOGETHER)) {
      const own = document.importNode(claim, true);
      later.set(own.dataset.claim, own);
      list.append(own);
    }
    lists.push(list);
  }
  return lists;
}

// A claim that has changed stands on the first page again, and there only.
function dropRepeated() {
  for (const { dataset } of document.getElementById("claims")?.children ?? []) {
    const repeated = later.get(dataset.claim);
    const list = repeated?.parentNode;
    repeated?.remove();
    if (list && !list.children.length) list.remove();
    later.delete(dataset.claim);
  }
}

// What newer claims have pushed off the first page comes before what was loaded later, so that none is missing.
async function closeGap(page) {
  const stays = document.querySelector(`#claims > [data-claim="${CSS.escape(last)}"]`);
  if (!first || !last || stays) return;
  const mine = ++closing;
  const missing = [];
  let next = page.getElementById("more");
  while (next) {
    const following = await read(next.href);
    if (mine !== closing || !following) return;
    const all = [...following.querySelectorAll("#claims > .claim")];
    const known = all.findIndex(({ dataset }) => isLater(dataset.claim));
    missing.push(...(known < 0 ? all : all.slice(0, known)));
    next = known < 0 ? following.getElementById("more") : null;
  }
  document.getElementById("rest")?.prepend(...listsOf(missing));
  dropRepeated();
}

function lastOf(list) {
  return list?.lastElementChild?.dataset.claim;
}

// For another reader, or of another instant: what was loaded for the one before goes.
function beginAnew() {
  closing += 1;
  const rest = document.getElementById("rest");
  if (!first || !rest) return;
  later.clear();
  rest.replaceChildren(first);
  rest.removeAttribute("data-own");
  first = null;
  watch();
}
