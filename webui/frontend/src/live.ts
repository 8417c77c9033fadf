/** Regions that keep themselves current: `data-live="/address"` is asked for and morphed in place. */

import { Idiomorph } from "idiomorph";
import { hold } from "./held";
import { poll, type Poll } from "./poll";
import { tick } from "./time";

const running = new Map<Element, Poll>();

/** What the reader has open, typed or chosen stays as it is. */
function keeps(old: Node): boolean {
  return old instanceof Element && (old === document.activeElement && old.matches("input, textarea, select") || old.hasAttribute("data-own"));
}

function tabsOf(region: Element): HTMLElement | null {
  return region.querySelector<HTMLElement>(":scope > .tabs");
}

/** What stands below a region, or below the head of one, does not move up under the reader when there is less to say. */
function holdBelow(region: HTMLElement, change: () => void): void {
  if (region.nextElementSibling) region.style.minHeight = `${region.offsetHeight}px`;
  const top = tabsOf(region)?.offsetTop ?? 0;
  change();
  const tabs = tabsOf(region);
  if (!tabs) return;
  tabs.style.marginTop = "";
  tabs.style.marginTop = `${Math.max(0, top - tabs.offsetTop)}px`;
}

function letGo(): void {
  for (const region of running.keys()) {
    if (region instanceof HTMLElement) region.style.minHeight = "";
    tabsOf(region)?.removeAttribute("style");
  }
}

export function morph(region: Element, text: string): void {
  const open = new Set([...region.querySelectorAll("details[open][id]")].map((d) => d.id));
  Idiomorph.morph(region, text, {
    morphStyle: "innerHTML",
    callbacks: { beforeNodeMorphed: (old: Node) => !keeps(old) },
  });
  for (const id of open) document.getElementById(id)?.setAttribute("open", "");
  tick(region);
  region.dispatchEvent(new CustomEvent("dirigent:fresh", { bubbles: true }));
}

function follow(region: HTMLElement): void {
  const answerer = poll(
    () => region.dataset["live"] ?? location.href,
    (answer) => {
      holdBelow(region, () => morph(region, hold(region, answer.text)));
    },
    region.dataset["etag"],
  );
  running.set(region, answerer);
}

/** Starts the live regions below a node; those that left the page stop. */
export function startLive(root: ParentNode = document): void {
  for (const [region, answerer] of running) {
    if (region.isConnected) continue;
    answerer.stop();
    running.delete(region);
  }
  for (const region of root.querySelectorAll<HTMLElement>("[data-live]")) {
    if (!running.has(region)) follow(region);
  }
}

addEventListener("resize", letGo);

/** Asks at once: after something was done here, its effect should be seen here. */
export function refresh(region?: Element): void {
  for (const [each, answerer] of running) {
    if (!region || region === each) answerer.wake();
  }
}
