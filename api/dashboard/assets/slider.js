// The time slider: any past instant, by the hand; what it shows stands in the address bar.
import { refresh } from "./refresh.js";

const STEPS = 1000;
const SETTLE_MS = 120;

export function offerSlider(form) {
  if (!form || form.querySelector("[type=range]")) return;
  addSlide(form, form.elements.known_at, "Known at, from the first record to now");
  if (form.elements.valid_at) addSlide(form, form.elements.valid_at, "Happened by, from the first statement to now");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    show(form);
  });
}

function addSlide(form, field, label) {
  const slide = document.createElement("input");
  slide.type = "range";
  slide.max = String(STEPS);
  slide.setAttribute("aria-label", label);
  slide.setAttribute("data-own", "");
  slide.value = String(stepOf(form, field));
  let settling = 0;
  slide.addEventListener("input", () => {
    field.value = Number(slide.value) === STEPS ? "" : instantOf(form, field, Number(slide.value));
    slide.setAttribute("aria-valuetext", field.value || "now");
    clearTimeout(settling);
    settling = setTimeout(() => show(form), SETTLE_MS);
  });
  field.addEventListener("change", () => (slide.value = String(stepOf(form, field))));
  field.closest("p").append(slide);
}

// From the first to now, each clock on its own scale.
function bounds(form, field) {
  const first = Date.parse((field.name === "valid_at" ? form.dataset.said : form.dataset.first) || form.dataset.first);
  // Milliseconds have cut off what the ledger's microseconds had: one more, and the first is in.
  return [Number.isNaN(first) ? Date.now() - 1 : first + 1, Date.now()];
}

function instantOf(form, field, step) {
  const [first, last] = bounds(form, field);
  return new Date(first + ((last - first) * step) / STEPS).toISOString();
}

function stepOf(form, field) {
  const at = Date.parse(field.value);
  const [first, last] = bounds(form, field);
  return Number.isNaN(at) ? STEPS : Math.round((STEPS * (at - first)) / (last - first));
}

async function show(form) {
  const asked = new URLSearchParams();
  for (const [name, value] of new FormData(form)) if (value) asked.set(name, value);
  const query = asked.toString();
  history.replaceState(null, "", form.getAttribute("action") + (query ? `?${query}` : ""));
  dispatchEvent(new Event("onrecord-moved"));
  tell(form, "");
  await refresh((page) => tell(form, page.querySelector("#failure li, #failure p")?.textContent));
}

// What the server says to an instant that it can not show; what is shown stays as it is.
function tell(form, words) {
  let fault = form.querySelector(".fault");
  if (!fault) {
    fault = document.createElement("p");
    fault.className = "fault";
    fault.setAttribute("role", "status");
    fault.setAttribute("data-own", "");
    form.append(fault);
  }
  fault.textContent = words;
}
