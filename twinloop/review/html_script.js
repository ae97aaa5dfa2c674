"use strict";
// The filter: buttons choose what kinds of change are shown, the field which names.
const buttons = [...document.querySelectorAll("button[data-kind]")];
const changes = [...document.querySelectorAll(".change")];
const find = document.getElementById("find");
const found = document.getElementById("found");

function apply() {
  const kinds = new Set(buttons.filter((b) => b.getAttribute("aria-pressed") === "true").map((b) => b.dataset.kind));
  const wanted = find.value.trim().toLowerCase().split(/\s+/);
  let shown = 0;
  for (const change of changes) {
    const fits = kinds.has(change.dataset.op) && wanted.every((word) => change.dataset.text.includes(word));
    change.classList.toggle("hidden", !fits);
    shown += fits ? 1 : 0;
  }
  for (const button of buttons) document.body.classList.toggle("hide-" + button.dataset.kind, !kinds.has(button.dataset.kind));
  found.textContent = shown === changes.length ? "" : shown + " of " + changes.length + " changes shown";
}

function reveal() {
  const target = document.getElementById(decodeURIComponent(location.hash.slice(1)));
  if (!target || !target.classList.contains("change")) return;
  target.classList.remove("hidden");
  for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
  target.scrollIntoView({ block: "center" });
}

for (const button of buttons) {
  button.addEventListener("click", () => {
    button.setAttribute("aria-pressed", String(button.getAttribute("aria-pressed") !== "true"));
    apply();
  });
}
find.addEventListener("input", apply);
addEventListener("hashchange", reveal);
reveal();
