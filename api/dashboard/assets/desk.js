// Posting from the page, by those who have a key; what the ledger refuses is shown at the field.
import { hasKey, headers } from "./key.js";
import { offerNear } from "./near.js";
import { refresh } from "./refresh.js";

const SPEAKER = [
  { at: "/data/speaker/name", label: "Who says so", required: true },
  {
    at: "/data/speaker/kind",
    label: "Who that is",
    options: ["outlet", "person", "organisation", "government", "collective", "social_account", "document", "unknown"],
  },
];
const SAID = [
  { at: "/data/wording/quote", label: "In their words", long: true },
  { at: "/data/wording/paraphrase", label: "Or in yours", long: true },
  { at: "/occurred_at", label: "When (a date, month, year, instant, or two with a slash between)" },
  { at: "/data/publication/url", label: "Where it was published (address)", type: "url" },
  { at: "/classification", label: "Who may read it", options: ["public", "internal", "confidential"] },
];
const REASON = { at: "/data/reason", label: "Why", required: true, long: true };
const TARGET = { at: "/data/target_event_id", label: "Which entry", entries: true };
const FORMS = {
  ClaimReported: { label: "Report", fields: [...SPEAKER, ...SAID] },
  ClaimDenied: {
    label: "Deny",
    fields: [
      ...SPEAKER,
      { at: "/data/scope", label: "How far", options: ["full", "partial", "general"] },
      { at: "/data/directness", label: "How", options: ["direct", "by_implication", "relayed"] },
      ...SAID,
    ],
  },
  ClaimAssessed: {
    label: "Assess",
    fields: [
      ...SPEAKER,
      {
        at: "/data/verdict",
        label: "Verdict",
        options: [
          "unproven", "unverified", "not_checkable", "true", "mostly_true", "supported", "mixed", "misleading",
          "out_of_context", "satire", "mostly_false", "false", "fabricated",
        ],
      },
      { at: "/data/decisive", label: "Settles it (only for a verdict against it)", check: true },
      { at: "/data/rationale", label: "Rationale", long: true },
      ...SAID,
    ],
  },
  ClaimConfirmed: {
    label: "Confirm",
    fields: [
      ...SPEAKER,
      {
        at: "/data/basis",
        label: "On what grounds",
        options: [
          "unspecified", "admission", "official_record", "physical_evidence", "first_hand_observation",
          "independent_sources", "independent_verification", "court_finding",
        ],
      },
      { at: "/data/scope", label: "How far", options: ["full", "partial"] },
      ...SAID,
    ],
  },
  EventCorrected: {
    label: "Correct an entry",
    fields: [
      TARGET,
      { at: "/data/patch/occurred_at", label: "When it was said, rightly" },
      { at: "/data/patch/data/speaker/name", label: "Who said it, rightly" },
      { at: "/data/patch/data/wording/quote", label: "The words, rightly", long: true },
      REASON,
      {
        at: "/data/reason_kind",
        label: "What was wrong",
        options: ["typo", "misattribution", "mistranslation", "misquote", "wrong_date", "outlet_correction", "other"],
      },
    ],
  },
  EventRetracted: {
    label: "Retract an entry",
    fields: [
      TARGET,
      REASON,
      {
        at: "/data/reason_kind",
        label: "What kind of reason",
        options: [
          "entered_in_error", "outlet_retracted", "speaker_withdrew", "wrong_claim", "duplicate", "legal", "source_protection",
        ],
      },
    ],
  },
};
const BEGIN = { at: "/data/claim/text", label: "The claim, in one sentence", required: true, long: true };

export function offerPosting(desk) {
  if (!desk || desk.hasAttribute("data-own")) return;
  desk.setAttribute("data-own", "");
  const build = (event) => {
    desk.hidden = !hasKey();
    // What stands there may be for those with a key only. Of a key that was revoked what was typed waits for the next.
    const goes = event?.detail === "lost" ? ".near ul" : ".sheet";
    if (!hasKey()) desk.querySelector(goes)?.replaceChildren();
    if (hasKey() && !desk.firstChild) desk.append(heading(), chooser(desk), place());
  };
  addEventListener("onrecord-key", build);
  build();
}

function heading() {
  const title = document.createElement("h2");
  title.textContent = "For the record";
  return title;
}

function chooser(desk) {
  const paragraph = document.createElement("p");
  const types = desk.dataset.claim ? Object.keys(FORMS) : ["ClaimReported"];
  for (const type of types) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.textContent = desk.dataset.claim ? FORMS[type].label : "Report a new claim";
    button.addEventListener("click", () => open(desk, type));
    paragraph.append(button, " ");
  }
  return paragraph;
}

function place() {
  const where = document.createElement("div");
  where.className = "sheet";
  return where;
}

function open(desk, type) {
  const form = document.createElement("form");
  const fields = desk.dataset.claim ? FORMS[type].fields : [BEGIN, ...FORMS[type].fields];
  form.setAttribute("aria-label", FORMS[type].label);
  form.append(...fields.map(draw), foot());
  if (!desk.dataset.claim) offerNear(form.elements[BEGIN.at]);
  // Made once: whatever is repeated after a lost answer is the same event.
  const eventId = crypto.randomUUID();
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    post(form, { event_id: eventId, type, ...(desk.dataset.claim ? { claim_id: desk.dataset.claim } : {}) });
  });
  desk.querySelector(".sheet").replaceChildren(form);
  form.querySelector("input, textarea, select").focus();
}

function draw(field) {
  const label = document.createElement("label");
  const input = control(field);
  input.name = field.at;
  input.required = Boolean(field.required);
  label.append(field.label, input);
  return label;
}

function control(field) {
  if (field.options || field.entries) return choice(field);
  const input = document.createElement(field.long ? "textarea" : "input");
  if (field.check) input.type = "checkbox";
  else if (field.type) input.type = field.type;
  return input;
}

function choice(field) {
  const select = document.createElement("select");
  const options = field.entries ? entries() : field.options.map((value) => [value, value.replaceAll("_", " ")]);
  for (const [value, text] of options) select.append(new Option(text, value));
  return select;
}

function entries() {
  return [...document.querySelectorAll(".entry")].map((entry) => {
    const words = entry.querySelector(".statement, .kind").textContent.trim();
    return [entry.dataset.event, `${entry.getAttribute("value")}. ${words}`];
  });
}

function foot() {
  const paragraph = document.createElement("p");
  const button = document.createElement("button");
  const said = document.createElement("span");
  button.textContent = "Put it on record";
  said.className = "said";
  said.setAttribute("role", "status");
  paragraph.append(button, " ", said);
  return paragraph;
}

async function post(form, event) {
  clear(form);
  for (const input of form.elements) if (input.name) set(event, input.name, valueOf(input));
  const said = form.querySelector(".said");
  said.textContent = "Recording …";
  let response;
  try {
    response = await fetch("/v1/events?wait=projected", {
      method: "POST",
      headers: headers({ "Content-Type": "application/json" }),
      body: JSON.stringify(event),
    });
  } catch {
    said.textContent = "No answer: try again, it will not be recorded twice.";
    return;
  }
  const answer = await response.json();
  if (response.ok) await recorded(form, answer);
  else refuse(form, answer);
}

async function recorded(form, receipt) {
  form.replaceChildren(`Recorded as entry ${receipt.claim_version}, at position ${receipt.position}.`);
  form.setAttribute("role", "status");
  const page = `/claims/${receipt.claim_id}`;
  if (location.pathname.startsWith("/claims/")) await refresh();
  else location.assign(page);
}

function refuse(form, problem) {
  const said = form.querySelector(".said");
  said.textContent = problem.detail ?? problem.title;
  said.classList.add("bad");
  for (const error of problem.errors ?? []) mark(form, error);
  form.querySelector("[aria-invalid]")?.focus();
}

function mark(form, { pointer, detail }) {
  const inputs = [...form.elements].filter((input) => input.name && related(input.name, pointer));
  if (!inputs.length) return;
  const fault = document.createElement("span");
  fault.className = "fault";
  fault.id = `fault-${form.querySelectorAll(".fault").length}`;
  fault.textContent = detail;
  inputs[0].setAttribute("aria-invalid", "true");
  inputs[0].setAttribute("aria-describedby", fault.id);
  inputs[0].closest("label").append(fault);
}

function related(name, pointer) {
  return name === pointer || name.startsWith(`${pointer}/`) || pointer.startsWith(`${name}/`);
}

function clear(form) {
  for (const fault of form.querySelectorAll(".fault")) fault.remove();
  for (const input of form.querySelectorAll("[aria-invalid]")) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
  form.querySelector(".said").classList.remove("bad");
}

function valueOf(input) {
  if (input.type === "checkbox") return input.checked || null;
  return input.value.trim() || null;
}

// Puts a value at a JSON pointer; what is empty is left out.
function set(target, pointer, value) {
  if (value === null) return;
  const names = pointer.split("/").slice(1);
  const last = names.pop();
  let place = target;
  for (const name of names) place = place[name] ??= {};
  place[last] = value;
}
