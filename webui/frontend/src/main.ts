import "./styles/app.css";
import "virtual:symbols.css";
import { startCopying } from "./copying";
import { startSaying } from "./dom";
import { startDrafts } from "./drafts";
import { startHearing } from "./hearing";
import { startHolding } from "./held";
import { startKeys } from "./keys";
import { startLists } from "./lists";
import { refresh, startLive } from "./live";
import { startLooking } from "./looked";
import { startMenus } from "./menus";
import { startPalette } from "./palette";
import { startParams } from "./params";
import { startPicks } from "./picks";
import { startScrolling } from "./scrolling";
import { startSheets } from "./sheet";
import { startSwitches } from "./switches";
import { startTelling } from "./telling";
import { startTimes } from "./time";

/** The heavy views come only to the pages that hold them. */
function startViews(root: ParentNode = document): void {
  for (const node of root.querySelectorAll<HTMLElement>("[data-grid]:not([data-started])")) {
    node.dataset["started"] = "";
    void import("./grid/view").then((view) => view.mount(node));
  }
  for (const node of root.querySelectorAll<HTMLElement>("[data-graph]:not([data-started])")) {
    node.dataset["started"] = "";
    void import("./graph/view").then((view) => view.mount(node));
  }
  for (const node of root.querySelectorAll<HTMLElement>("[data-log]:not([data-started])")) {
    node.dataset["started"] = "";
    void import("./log/view").then((view) => view.mount(node));
  }
}

function fresh(event: Event): void {
  if (!(event.target instanceof Element)) return;
  startViews(event.target);
  startLive();
}

startSwitches();
startSaying();
startSheets();
startDrafts();
startMenus();
startLists();
startKeys();
startHolding();
startPalette();
startLooking();
startParams();
startPicks();
startCopying();
startTelling();
startTimes();
startScrolling();
startLive();
startViews();
startHearing();
document.addEventListener("dirigent:fresh", fresh);
document.addEventListener("dirigent:choose", () => refresh());
document.documentElement.classList.add("ready");
