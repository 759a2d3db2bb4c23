#include "agent/browser_frame.h"

namespace agent {

// It asks one thing at a time, and nothing while nobody looks. What it gets takes the place of what
// was there, so that a page that stays open for hours stays as big as it is.
Markup browser_script() {
  return R"js(
(() => {
  "use strict";
  const main = document.querySelector("main");
  const parts = [...document.querySelectorAll(".live")];
  const note = document.getElementById("note");
  const period = Number(document.body.dataset.refresh);
  const longest = 20 * period;
  let wait = period, timer = 0, busy = false, lost = "", shown = "";

  function later(ms) {
    clearTimeout(timer);
    if (!document.hidden) timer = setTimeout(refresh, ms);
  }

  function say(text) {
    if (note.textContent !== text) note.textContent = text;
    document.body.classList.toggle("lost", text !== "");
  }

  // Whoever marks text in order to copy it keeps it.
  function marking() {
    const selection = getSelection();
    return !selection.isCollapsed && parts.some(part => part.contains(selection.anchorNode));
  }

  // How to find what has the focus once it has been replaced.
  function way_to(element) {
    if (!parts.some(part => part.contains(element))) return null;
    const details = element.localName === "summary" && element.closest("details");
    if (details) return () => document.getElementById(details.id)?.firstElementChild;
    if (element.id) return () => document.getElementById(element.id);
    const same = [...main.querySelectorAll(element.localName)].indexOf(element);
    return () => main.querySelectorAll(element.localName)[same];
  }

  function show(text) {
    if (text === shown) return;
    const open = new Set([...main.querySelectorAll("details[open]")].map(one => one.id));
    const focused = way_to(document.activeElement);
    const box = document.createElement("template");
    box.innerHTML = text;
    for (const one of box.content.querySelectorAll("details")) one.open = open.has(one.id);
    for (const part of parts) part.replaceChildren(...box.content.getElementById(part.id).childNodes);
    focused?.()?.focus({preventScroll: true});
    shown = text;
  }

  async function ask() {
    const url = new URL(location.href);
    url.hash = "";
    url.searchParams.set("part", "live");
    const patience = new AbortController();
    const limit = setTimeout(() => patience.abort(), 15000);
    try {
      const answer = await fetch(url, {
        cache: "no-store", credentials: "omit", redirect: "error", signal: patience.signal});
      if (answer.status >= 500) throw new Error("the agent is busy");
      return await answer.text();
    } finally {
      clearTimeout(limit);
    }
  }

  async function refresh() {
    if (busy) return;
    if (marking()) return later(period);
    busy = true;
    try {
      const text = await ask();
      if (!marking()) show(text);
      wait = period;
      lost = "";
      say("");
    } catch (error) {
      lost = lost || new Date().toISOString().slice(11, 19);
      wait = Math.min(2 * wait, longest);
      say(error.message === "the agent is busy" ? `the agent is busy since ${lost} UTC`
                                                : `agent not answering since ${lost} UTC`);
    }
    busy = false;
    later(wait);
  }

  document.addEventListener("visibilitychange", () => {
    wait = period;
    document.hidden ? clearTimeout(timer) : refresh();
  });
  addEventListener("pageshow", event => { if (event.persisted) refresh(); });
  later(period);
})();
)js";
}

}  // namespace agent
