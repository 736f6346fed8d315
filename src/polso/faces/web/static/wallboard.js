// A screen at the wall asks for itself again and again; while the server is away it keeps its numbers and says their age.
"use strict";

const board = document.getElementById("board");
const stale = document.getElementById("stale");
const PATIENCE = 20000;

const refresh = async () => {
  try {
    const answer = await fetch(location.href, { signal: AbortSignal.timeout(PATIENCE), headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(`status ${answer.status}`);
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    const fresh = page.getElementById("board");
    if (!fresh) throw new Error("an answer without a board");
    const focused = board.contains(document.activeElement) && document.activeElement.getAttribute("href");
    board.replaceChildren(...fresh.childNodes);
    if (focused) board.querySelector(`a[href="${CSS.escape(focused)}"]`)?.focus();
    stale.hidden = true;
  } catch (error) {
    console.warn("the wallboard could not be refreshed", error);
    stale.textContent = stale.dataset.text.replace("{time}", board.querySelector("[data-read]").dataset.read);
    stale.hidden = false;
  }
};

// One after the other: a slow server is not asked twice at once.
const again = () => setTimeout(() => refresh().finally(again), Number(board.dataset.every) * 1000);
again();
// A screen that slept shows what is now as soon as it wakes.
document.addEventListener("visibilitychange", () => { if (!document.hidden) refresh(); });
