// Every page works without scripts as far as reading goes; here is what makes it live.
import { offerKey } from "./key.js";
import { follow } from "./live.js";
import { watchLog } from "./log.js";
import { offerPosting } from "./desk.js";
import { offerProofs } from "./proof.js";
import { offerSlider } from "./slider.js";
import { loadMore } from "./more.js";

offerKey(document.getElementById("tools"));
offerSlider(document.getElementById("slider"));
offerPosting(document.getElementById("desk"));
offerProofs(document.getElementById("main"));
loadMore(document.getElementById("claims"));
follow();
watchLog();
