// The client of the stand-in page. It keeps one receiver stream open, renews it before it ends,
// reports every action, calls hooks, and reloads on 410.
"use strict";
(() => {
  const { prefix, instance, roll } = document.currentScript.dataset;
  const boot = [...crypto.getRandomValues(new Uint8Array(8))].map((b) => b.toString(16).padStart(2, "0")).join("");
  const say = (id, text) => { document.getElementById(id).textContent = text; };
  const list = (id, texts) => document.getElementById(id).replaceChildren(...texts.map((text) => {
    const item = document.createElement("li");
    item.textContent = text;
    return item;
  }));
  const sync = (count) => `${prefix}/s/${instance}?t=${count}&b=${boot}`;
  const waiting = new Map(); // hook calls by track number
  let streams = 0, reports = 0, track = 0, failures = 0, lastSeq = 0, over = false;

  // A hidden page reloads when it becomes visible.
  const reload = (later = document.visibilityState !== "visible") => {
    if (over) return;
    over = true;
    if (!later) return location.reload();
    for (const event of ["focus", "pointerdown", "keydown", "scroll", "input"]) {
      addEventListener(event, () => location.reload(), { once: true, capture: true });
    }
  };

  // Report the result of an action. A failed report is not repeated: the server sends the action
  // again on the next stream.
  async function report(seq, error) {
    reports++;
    const body = JSON.stringify([reports, Date.now(), { [seq]: [error === null, error] }, []]);
    const answer = await fetch(sync(reports), {
      method: "POST", body, headers: { "Content-Type": "application/json;charset=UTF-8" },
    }).catch(() => null);
    if (answer && answer.status === 410) reload();
  }

  function act(seq, name, args) {
    if (seq > lastSeq) {
      lastSeq = seq;
      if (name === "set_text") say(args[0], args[1]);
      if (name === "set_list") list(args[0], args[1]);
      if (name === "report_hook") { waiting.get(args[0])?.(); waiting.delete(args[0]); }
    }
    report(seq, null);
  }

  // Take whole frames off the front of the buffer. Return the rest, or null if the stream ended as
  // it should.
  function frames(buffer) {
    while (buffer.length > 0) {
      const kind = buffer[0];
      if (kind === 0x04) { reload(); return null; }
      if (kind === 0x03) { reload(true); say("stream", "suspended: goes on when it is touched"); return null; }
      if (kind === 0xff) return null;
      if (kind === 0x02) { buffer = buffer.slice(1); continue; }
      const end = buffer.indexOf(0xff);
      if (end < 0) return buffer;
      const header = JSON.parse(new TextDecoder().decode(buffer.slice(1, end)));
      if (kind === 0x01) act(header[0], header[1][0], header[1][1]);
      buffer = buffer.slice(end + 1);
    }
    return buffer;
  }

  async function receive() {
    const count = ++streams;
    let next = false;
    const renew = () => { if (!next && !over) { next = true; receive(); } };
    const timer = setTimeout(renew, Number(roll));
    try {
      say("stream", `no. ${count} open`);
      const answer = await fetch(sync(count), { cache: "no-store", headers: { Accept: "application/octet-stream" } });
      if (answer.status === 410) return reload();
      if (!answer.ok) throw new Error(`status ${answer.status}`);
      failures = 0;
      const reader = answer.body.getReader();
      let buffer = new Uint8Array(0);
      for (;;) {
        const { done, value } = await reader.read();
        if (done) throw new Error("the stream broke off");
        const joined = new Uint8Array(buffer.length + value.length);
        joined.set(buffer); joined.set(value, buffer.length);
        buffer = frames(joined);
        if (buffer === null) break;
      }
    } catch (error) {
      if (over || next) return;
      clearTimeout(timer);
      const delay = Math.min(12000, 200 * 1.25 ** failures++) * (0.8 + Math.random() * 0.4);
      say("stream", `${error.message}, trying again`);
      setTimeout(renew, delay);
      return;
    }
    clearTimeout(timer);
    renew();
  }

  async function hook(number, body) {
    const mine = ++track;
    const reported = new Promise((resolve) => waiting.set(mine, resolve));
    const answer = await fetch(`${prefix}/h/${instance}/${number}?t=${mine}`, {
      method: "POST", body: JSON.stringify(body), headers: { "Content-Type": "application/json;charset=UTF-8" },
    }).catch(() => null);
    if (answer?.status === 410) reload();
    if (!answer?.ok) { waiting.delete(mine); return false; }
    await reported;
    return true;
  }

  for (const element of document.querySelectorAll("[data-hook]")) {
    const number = element.dataset.hook;
    if (element.tagName !== "INPUT") {
      element.addEventListener("click", () => hook(number, {}));
      continue;
    }
    // One call at a time. The next one has the text typed meanwhile, so that the last value arrives
    // last.
    let calling = false, sent = element.value;
    element.addEventListener("input", async () => {
      if (calling) return;
      calling = true;
      for (let value; !over && sent !== (value = element.value) && await hook(number, value);) sent = value;
      calling = false;
    });
  }
  document.getElementById("link").addEventListener("click", async (event) => {
    event.preventDefault();
    const before = location.pathname;
    history.pushState(null, "", event.target.getAttribute("href"));
    const followed = await hook(2, { to: location.pathname }).catch(() => false);
    if (followed) {
      say("path", location.pathname);
      event.target.setAttribute("href", before);
    } else if (!over) history.replaceState(null, "", before);
  });
  addEventListener("popstate", async () => {
    const answer = await fetch(`${prefix}/u/${instance}${location.pathname}`).catch(() => null);
    if (!answer || !answer.ok) reload();
  });
  receive();
})();
