// Every page works without scripts as far as reading goes; here is what makes it live.
import { offerKey } from "./key.js";
import { follow } from "./live.js";
import { watchLog } from "./log.js";
import { offerPosting } from "./desk.js";
import { offerProofs } from "./proof.js";
import { offerSlider } from "./slider.js";
import { growList } from "./more.js";

const once = [() => offerKey(document.getElementById("tools")), follow, watchLog];
// Whatever is shown anew: where reading needs a key, all of it comes only with the key.
const always = [
  () => offerSlider(document.getElementById("slider")),
  () => offerPosting(document.getElementById("desk")),
  () => offerProofs(document.getElementById("main")),
  growList,
];

// What fails here takes nothing else with it.
function begin(parts, event) {
  for (const part of parts) {
    try {
      part(event);
    } catch (error) {
      reportError(error);
    }
  }
}

begin([...once, ...always]);
addEventListener("onrecord-shown", (event) => begin(always, event));
