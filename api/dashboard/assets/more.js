// The list goes on as the reader scrolls: the next page is fetched when its link comes near.
import { headers } from "./key.js";

export function loadMore(list) {
  if (!list) return;
  const watcher = new IntersectionObserver((seen) => {
    for (const { isIntersecting, target } of seen) if (isIntersecting) load(list, target, watcher);
  }, { rootMargin: "1200px" });
  watch(watcher);
  addEventListener("onrecord-shown", () => watch(watcher));
}

function watch(watcher) {
  const link = document.getElementById("more");
  if (link) watcher.observe(link);
}

async function load(list, link, watcher) {
  watcher.unobserve(link);
  const response = await fetch(link.href, { headers: headers() });
  if (!response.ok) return;
  const page = new DOMParser().parseFromString(await response.text(), "text/html");
  const shown = new Set([...list.children].map((claim) => claim.dataset.claim));
  for (const claim of page.querySelectorAll("#claims > .claim")) {
    if (shown.has(claim.dataset.claim)) continue;
    claim.setAttribute("data-own", "");
    list.append(document.importNode(claim, true));
  }
  // From here on the way to the rest is this list's own: the server knows only that from its first page.
  link.closest("p").setAttribute("data-own", "");
  const next = page.getElementById("more");
  if (next) link.href = next.href;
  else link.closest("p").remove();
  watch(watcher);
}
