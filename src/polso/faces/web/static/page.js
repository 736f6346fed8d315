// What a page does beyond being read: forms that send themselves, shortcuts, tooltips of charts when they are wanted.
"use strict";

const closest = (event, selector) => event.target instanceof Element && event.target.closest(selector);

document.addEventListener("change", (event) => {
  const form = closest(event, "form[data-auto]");
  if (form) form.requestSubmit();
});

// Only one popup is open, and a click beside it or Escape closes it.
const popups = () => document.querySelectorAll("details[data-popup][open]");
document.addEventListener("click", (event) => {
  for (const popup of popups()) if (!popup.contains(event.target)) popup.open = false;
  if (closest(event, "[data-help]")) document.getElementById("help").showModal();
});

let before = "";
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") {
    for (const popup of popups()) {
      popup.open = false;
      popup.querySelector("summary").focus();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey || closest(event, "input, select, textarea")) return;
  const focus = (id) => {
    const found = document.getElementById(id);
    if (found) { event.preventDefault(); found.focus(); }
  };
  if (event.key === "/") focus("search");
  else if (event.key === "?") document.getElementById("help")?.showModal();
  else if (event.key === "p") focus("period");
  else if (event.key === "c") focus("compare");
  else if (event.key === "x") document.querySelector("[data-bare], .chips a")?.click();
  else if (before === "g" && /[1-9]/.test(event.key)) document.querySelectorAll(".menu nav a")[event.key - 1]?.click();
  before = event.key;
});

// A chart stands in the page as it was drawn; Vega comes only when somebody points at one.
const VEGA = ["vega-6.4.0.min.js", "vega-lite-6.4.3.min.js", "vega-embed-7.3.0.min.js"];
let vega;
const load = (name) => new Promise((resolve, reject) => {
  const script = document.createElement("script");
  script.src = `/static/vendor/${name}`;
  script.onload = resolve;
  script.onerror = reject;
  document.head.append(script);
});
const loaded = () => (vega ??= VEGA.reduce((sofar, name) => sofar.then(() => load(name)), Promise.resolve()));

const enliven = async (chart) => {
  if (chart.dataset.live) return;
  chart.dataset.live = "1";
  try {
    const [spec] = await Promise.all([fetch(chart.dataset.spec).then((answer) => answer.json()), loaded()]);
    const place = document.createElement("div");
    const made = await window.vegaEmbed(place, spec, {
      ast: true, renderer: "svg", actions: false, defaultStyle: false,
      tooltip: { disableDefaultStyle: true }, logLevel: 1,
    });
    // A click before this drawing took the other's place must not be lost: swap when nothing is pressed.
    chart.replaceChildren(...place.childNodes);
    chart.vega = made;
  } catch (error) {
    console.warn("no tooltips for this chart", error);
  }
};
document.addEventListener("pointerenter", (event) => {
  const chart = event.target instanceof Element && event.target.matches("[data-spec]") && event.target;
  if (chart && matchMedia("(hover: hover)").matches) enliven(chart);
}, true);

// A narrow screen has its own drawing of every chart; wide ones never ask for it.
const narrow = matchMedia("(max-width: 48rem)");
const fit = async (place) => {
  const address = place.dataset.drawn;
  place.dataset.asked = address;
  const answer = await fetch(address);
  if (!answer.ok || place.dataset.drawn !== address) return;
  const drawn = new DOMParser().parseFromString(await answer.text(), "text/html");
  place.replaceChildren(...drawn.body.childNodes);
};
const refit = () => {
  if (!narrow.matches) return;
  for (const place of document.querySelectorAll(".chart.narrow:empty")) {
    if (place.dataset.asked !== place.dataset.drawn) fit(place).catch((error) => console.warn("no narrow chart", error));
  }
};
narrow.addEventListener("change", refit);
new MutationObserver(refit).observe(document.body, { childList: true, subtree: true });
refit();
