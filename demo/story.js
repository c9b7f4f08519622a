"use strict";
(() => {
  // Fetches the events every second and updates the page. Text is never inserted as markup.
  const shown = 8;
  const byId = (id) => document.getElementById(id);
  let last = 0;

  const add = ({ id, time, kind, text }) => {
    const item = document.createElement("li"), when = document.createElement("time");
    item.className = kind;
    when.textContent = time;
    item.append(when, " " + text);
    byId("events").prepend(item);
    while (byId("events").children.length > shown) byId("events").lastChild.remove();
    if (kind !== "page") byId("latest").textContent = text; // too many to announce
    last = id;
  };

  const refresh = async () => {
    try {
      const answer = await fetch("events?after=" + last, { cache: "no-store" });
      const state = await answer.json();
      state.events.forEach(add);
      byId("number").textContent = state.version;
      byId("name").textContent = state.name;
      byId("next").textContent = state.version + 1;
      document.documentElement.style.setProperty("--version", state.colour);
      byId("deploy").disabled = state.busy;
      byId("kill").disabled = false;
    } catch {
      byId("latest").textContent = "The demo has ended.";
      byId("deploy").disabled = byId("kill").disabled = true;
    }
  };
  const order = async (what) => {
    byId(what).disabled = true;
    await fetch(what, { method: "POST", headers: { "Content-Type": "application/json" } }).catch(() => null);
    refresh();
  };
  for (const what of ["deploy", "kill"]) byId(what).addEventListener("click", () => order(what));
  const loop = async () => {
    await refresh();
    setTimeout(loop, 1000);
  };
  loop();
})();
