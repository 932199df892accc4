// Brings the page up to date from what the server renders: one way to show a thing, and it is the server's.
import { hasKey, headers, loseKey } from "./key.js";

const tags = new Map();
let asked = 0;

// Returns whether the page is fresh now. What the server refuses to show is shown instead, unless `refused` is told.
export async function refresh(refused = show) {
  const mine = ++asked;
  const address = location.pathname + location.search;
  const known = tags.get(address);
  const wanted = { Accept: "text/html", ...(known ? { "If-None-Match": known } : {}) };
  const response = await fetch(address, { headers: headers(wanted) });
  if (response.status === 304) return true;
  if (response.status === 401 && hasKey()) return loseKey();
  // What is away for a moment comes again; what one may not read any more, or never could, goes.
  if (response.status >= 500) return false;
  const text = await response.text();
  // What was asked for first may come last: only the last word counts.
  if (mine !== asked) return true;
  tags.clear();
  if (response.headers.has("ETag")) tags.set(address, response.headers.get("ETag"));
  (response.ok ? show : refused)(new DOMParser().parseFromString(text, "text/html"));
  return response.ok;
}

function show(page) {
  if (!page.getElementById("main")) return; // somebody between us and the server has answered
  document.title = page.title;
  morph(document.getElementById("main"), page.getElementById("main"));
  dispatchEvent(new CustomEvent("onrecord-shown", { detail: page }));
}

// Makes an element what the next one is, touching only what differs: focus, scroll and what scripts added stay.
function morph(now, next) {
  if (now.isEqualNode(next) || now.hasAttribute("data-own") || isBeingFilledIn(now)) return;
  if (now.tagName !== next.tagName || !now.children.length || !next.children.length) {
    now.replaceWith(document.importNode(next, true));
    return;
  }
  alignAttributes(now, next);
  alignChildren(now, next);
}

function isBeingFilledIn(element) {
  return element.tagName === "FORM" && element.contains(document.activeElement);
}

function alignAttributes(now, next) {
  // What the reader has opened stays open.
  for (const { name } of [...now.attributes]) if (name !== "open" && !next.hasAttribute(name)) now.removeAttribute(name);
  for (const { name, value } of next.attributes) if (now.getAttribute(name) !== value) now.setAttribute(name, value);
}

function alignChildren(now, next) {
  const held = new Map();
  for (const child of now.children) held.set(keyOf(child), child);
  const wanted = [...next.childNodes].map((child) => {
    const same = child.nodeType === Node.ELEMENT_NODE && held.get(keyOf(child));
    return same && same.tagName === child.tagName ? [same, child] : [document.importNode(child, true), null];
  });
  const kept = [...now.children].filter((child) => child.hasAttribute("data-own"));
  const order = wanted.map(([node]) => node);
  const stays = new Set([...order, ...kept]);
  for (const child of [...now.childNodes]) if (!stays.has(child)) child.remove();
  let place = now.firstChild;
  for (const node of order) {
    if (node === place) place = place.nextSibling;
    else now.insertBefore(node, place);
    if (node.dataset?.claim && !held.has(keyOf(node))) node.classList.add("fresh");
  }
  for (const [same, child] of wanted) if (child) noteChange(same, child);
}

function noteChange(now, next) {
  const isNews = now.dataset.position && now.dataset.position !== next.dataset.position;
  morph(now, next);
  if (isNews && now.matches(".claim")) now.classList.add("fresh");
}

// An element is the same one if it has the same id, or stands for the same claim; else by its place among its like.
function keyOf(element) {
  if (element.id) return `#${element.id}`;
  if (element.dataset.claim) return `claim ${element.dataset.claim}`;
  const like = (each) => each.tagName === element.tagName && each.className === element.className && !each.id;
  const place = [...element.parentNode.children].filter(like).indexOf(element);
  return `${element.tagName}.${element.className} ${place}`;
}
