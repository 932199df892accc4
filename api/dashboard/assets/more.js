// The list goes on as the reader scrolls: the next page is fetched when its link comes near.
import { headers } from "./key.js";

// The claims of later pages: each page is a list of its own, so that a long one is laid out page by page.
const later = new Map();

export function loadMore(list) {
  if (!list) return;
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) load(target, watcher);
  }, { rootMargin: "1200px" });
  watch(watcher);
  addEventListener("onrecord-shown", () => {
    dropRepeated();
    watch(watcher);
  });
}

function watch(watcher) {
  const link = document.getElementById("more");
  if (link) watcher.observe(link);
}

async function load(link, watcher) {
  watcher.unobserve(link);
  const response = await fetch(link.href, { headers: headers() });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const list = document.createElement("ol");
  list.className = "claims later";
  for (const claim of page.querySelectorAll("#claims > .claim")) {
    if (later.get(claim.dataset.claim)?.isConnected) continue;
    const own = document.importNode(claim, true);
    later.set(claim.dataset.claim, own);
    list.append(own);
  }
  // From here on the way to the rest is this list's own: the server knows only that from its first page.
  link.closest("#rest").setAttribute("data-own", "");
  link.before(list);
  dropRepeated();
  const next = page.getElementById("more");
  if (next) link.href = next.href;
  else link.remove();
  watch(watcher);
}

// A claim that has changed stands on the first page again, and there only.
function dropRepeated() {
  for (const { dataset } of document.getElementById("claims")?.children ?? []) {
    later.get(dataset.claim)?.remove();
    later.delete(dataset.claim);
  }
}
