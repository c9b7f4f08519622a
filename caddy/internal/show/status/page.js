
"use strict";
(() => {
  // Fetches the state every second and updates the page. Values become text, never markup.
  const pause = 1000, patience = 10000, shortest = 31;
  // Limits on the number of pods listed at first and at most, upstreams, addresses per upstream,
  // and events.
  const fewRows = 40, maxRows = 1000, maxUpstreams = 200, fewAddresses = 6, fewEvents = 20;
  const byId = (id) => document.getElementById(id);
  // The page may be served with or without a trailing slash.
  const address = location.pathname.replace(/\/?$/, "/state");

  const put = (element, text) => { if (element.textContent !== text) element.textContent = text; };
  const make = (tag, name) => {
    const element = document.createElement(tag);
    if (name) element.className = name;
    return element;
  };
  const count = (number, name) => number + " " + name + (number === 1 ? "" : "s");
  const age = (seconds) => {
    if (seconds < 90) return Math.floor(seconds) + "\u00a0s";
    if (seconds < 5400) return Math.floor(seconds / 60) + "\u00a0min";
    return seconds < 172800 ? Math.floor(seconds / 3600) + "\u00a0h" : Math.floor(seconds / 86400) + "\u00a0d";
  };

  // list updates the children of parent to one per item. It reuses nodes, so that selected text
  // stays selected.
  const list = (parent, items, keyOf, create, fill) => {
    const present = new Map([...parent.children].map((child) => [child.dataset.key, child]));
    const children = items.map((item) => {
      const key = keyOf(item), child = present.get(key) || create(item);
      child.dataset.key = key;
      fill(child, item);
      return child;
    });
    if (children.length !== parent.children.length || children.some((child, i) => child !== parent.children[i])) {
      parent.replaceChildren(...children);
    }
  };

  const kindOf = (pod) => pod.verdict === "alive" ? pod.generation : pod.verdict;
  const stateOf = (pod) => {
    const refused = pod.refused_dials ? count(pod.refused_dials, "dial") + " refused" : "";
    if (pod.verdict === "alive") {
      const evicted = pod.evicted_seconds_ago !== undefined, since = pod.drained ? pod.drained_seconds_ago : pod.draining_seconds_ago;
      const text = pod.drained ? "drained" : evicted ? "evicted" : pod.generation;
      return [text, pod.generation, [since === undefined ? "" : "for " + age(since), evicted && pod.drained ? "evicted" : "",
        pod.generation === "outside" ? "its upstream's networks" : "", refused].filter((text) => text).join(", ")];
    }
    const since = pod.unreachable_seconds_ago === undefined ? "" : " for " + age(pod.unreachable_seconds_ago);
    // Addresses in DNS are reused and often one of them is free. That a pod is gone is news for
    // only a minute.
    const look = pod.verdict === "gone" && pod.unreachable_seconds_ago > 60 ? "" : "bad";
    return [pod.verdict + since, look, [pod.generation, refused].filter((text) => text).join(", ")];
  };

  // isDone reports whether a replaced pod has no pages left. Such pods stay in the state but are
  // hidden. internal/command/running has the same rule.
  const isDone = (pod, session) => pod.generation !== "fresh" && pod.generation !== "outside" && pod.evicted_seconds_ago === undefined && pod.in_flight === 0 && pod.last_seen_seconds_ago > session;
  // Draining pods come first, and what is left of gone ones last.
  const rank = (pod) => {
    if (pod.generation === "fresh") return 1;
    if (pod.verdict === "gone") return 3;
    return pod.generation === "draining" || pod.generation === "outside" ? 0 : 2;
  };

  const newRow = () => {
    const row = make("tr"), head = make("th"), streams = make("td", "number");
    head.scope = "row";
    // Repeat the role: in a narrow window CSS removes the table layout, and browsers then drop the
    // roles.
    row.setAttribute("role", "row");
    head.setAttribute("role", "rowheader");
    head.append(make("span"), make("small"));
    const state = make("td");
    state.append(make("span"), make("small"));
    streams.append(make("span"), make("span", "bar"));
    row.append(head, state, streams, make("td", "number"), make("td", "number"));
    for (const cell of row.querySelectorAll("td")) cell.setAttribute("role", "cell");
    return row;
  };

  let rows = fewRows;
  const showPods = (pods, done, session) => {
    let shown = pods.length > rows ? [...pods].sort((a, b) => b.in_flight - a.in_flight).slice(0, rows) : pods;
    shown = [...shown].sort((a, b) => rank(a) - rank(b)); // stable: keeps the order of addresses
    const most = Math.max(1, ...shown.map((pod) => pod.streams));
    list(byId("pods"), shown, (pod) => pod.pod, newRow, (row, pod) => {
      const [head, state, streams, inFlight, seen] = row.children, [text, look, more] = stateOf(pod);
      put(head.children[0], pod.pod);
      put(head.children[1], pod.upstream || "no upstream");
      put(state.children[0], text);
      state.children[0].className = "state " + look;
      put(state.children[1], more);
      put(streams.children[0], String(pod.streams));
      streams.children[1].className = "bar " + pod.generation;
      streams.children[1].style.width = 100 * pod.streams / most + "%";
      put(inFlight, String(pod.in_flight));
      put(seen, pod.in_flight ? "now" : pod.last_seen_seconds_ago === undefined ? "never" : age(pod.last_seen_seconds_ago));
    });
    const hidden = pods.length - shown.length, note = byId("pods-note"), left = [];
    if (hidden > 0) left.push(count(hidden, "pod") + " with fewer requests");
    if (done > 0) left.push(count(done, "pod") + " no longer in DNS and without a request for " + age(session));
    note.hidden = pods.length > 0 && left.length === 0;
    put(note, left.length > 0 ? "Left out: " + left.join(", ") + "." : "No request has been sent to a pod yet.");
    const all = byId("pods-all");
    all.hidden = pods.length <= fewRows;
    put(all, rows === fewRows ? "Show " + Math.min(maxRows, pods.length) : "Show " + fewRows);
  };

  const newCard = () => {
    const card = make("article");
    card.append(make("h3"), make("p"), make("p"), make("p"), make("p", "faint"), make("p", "bad"));
    return card;
  };

  const showUpstreams = (sources, pods) => {
    const empty = () => ({ kinds: { fresh: 0, outside: 0, draining: 0, unreachable: 0, gone: 0, unknown: 0 }, streams: 0, in_flight: 0 });
    const sums = new Map();
    for (const pod of pods) {
      const sum = sums.get(pod.upstream) || empty();
      sum.kinds[kindOf(pod)]++, sum.streams += pod.streams, sum.in_flight += pod.in_flight;
      sums.set(pod.upstream, sum);
    }
    const some = (addresses) => addresses.slice(0, fewAddresses).join(", ") +
      (addresses.length > fewAddresses ? " and " + (addresses.length - fewAddresses) + " more" : "");
    // Several sources may have the same upstream, for example one for HTTP and one for HTTPS.
    const keyOf = (upstream) => upstream.upstream + " " + upstream.cidrs.join(" ");
    const upstreams = [...new Map(sources.flatMap((source) => source.upstreams.map((upstream) => [keyOf(upstream), upstream]))).values()];
    const shown = upstreams.slice(0, maxUpstreams);
    list(byId("upstreams"), shown, keyOf, newCard, (card, upstream) => {
      const [title, kinds, load, resolved, networks, problem] = card.children;
      const sum = sums.get(upstream.upstream) || empty();
      put(title, upstream.upstream);
      put(kinds, Object.entries(sum.kinds).filter(([, number]) => number > 0).map(([kind, number]) => number + " " + kind).join(", ") || "no pods yet");
      put(load, count(sum.streams, "stream") + ", " + sum.in_flight + " in flight");
      put(resolved, upstream.addresses.length === 0 ? "not resolved yet" : "→ " + some(upstream.addresses) +
        (upstream.resolved_seconds_ago === undefined ? "" : ", " + age(upstream.resolved_seconds_ago) + " ago"));
      put(networks, upstream.cidrs.join(", "));
      put(problem, upstream.dns_error ? "failing for " + age(upstream.failing_seconds_ago) + ": " + upstream.dns_error : "");
    });
    const note = byId("upstreams-note"), notes = [];
    if (sources.length === 0) notes.push("The configuration has no doors_upstream source.");
    if (shown.length < upstreams.length) notes.push("and " + (upstreams.length - shown.length) + " more.");
    if (sources.some((source) => source.upstreams.length < source.upstreams_total)) notes.push("Only upstreams in use are shown.");
    note.hidden = notes.length === 0;
    put(note, notes.join(" "));
  };

  // showFigures lists the counts by name, or a note if there are none.
  const showFigures = (id, figures) => {
    const rows = figures.filter(([, count]) => count > 0);
    list(byId(id), rows, ([text]) => text, () => {
      const pair = make("div");
      pair.append(make("dt"), make("dd"));
      return pair;
    }, (pair, [text, count]) => {
      put(pair.children[0], text.replaceAll("_", " "));
      put(pair.children[1], String(count));
    });
    byId(id + "-note").hidden = rows.length > 0;
  };
  const showAnswers = ({ gone, unavailable, reloads }) => {
    showFigures("answers", [["410 ", gone], ["503 ", unavailable]]
      .flatMap(([status, byReason]) => Object.entries(byReason).map(([reason, count]) => [status + reason, count])));
    showFigures("reloads", Object.entries(reloads));
  };

  const showEvictions = (evictions) => {
    byId("evictions-section").hidden = evictions.length === 0;
    const nameOf = ({ network = "", upstream = "" }) => network + (network && upstream ? " of " : "") + upstream;
    list(byId("evictions"), evictions, nameOf, () => {
      const pair = make("div");
      pair.append(make("dt"), make("dd"));
      return pair;
    }, (pair, one) => {
      put(pair.children[0], nameOf(one) + " for " + age(one.since_seconds_ago) + (one.rate ? ", " + one.rate + " a second" : "") + (one.idle_first ? ", idle pages first" : ""));
      put(pair.children[1], count(one.pages, "page") + " left, " + one.told + " told to reload");
    });
  };

  const words = {
    appeared: "is in DNS", marked: "signals that it is draining", left_dns: "has left DNS", evicted: "is evicted", eviction_undone: "is no longer evicted",
    last_page: "has no pages left", ended: "has ended", failed: "has failed", alive: "works again",
  };
  const showEvents = (events) => {
    list(byId("events"), events.slice(-fewEvents).reverse(), (event) => String(event.number), () => {
      const line = make("li");
      line.append(make("span"), make("span"));
      return line;
    }, (line, event) => {
      put(line.children[0], age(event.seconds_ago) + " ago");
      put(line.children[1], [event.pod || event.network, event.pod || event.network ? "" : event.upstream, words[event.event] || event.event,
        event.pages ? "with " + count(event.pages, "page") : ""].filter((text) => text).join(" "));
    });
    byId("events-note").hidden = events.length > 0;
  };

  const drawn = new Map();
  const shape = (name, tag, attributes) => {
    let element = drawn.get(name);
    if (!element) {
      element = document.createElementNS("http://www.w3.org/2000/svg", tag);
      byId("chart").append(element);
      drawn.set(name, element);
    }
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  };

  // The chart: draining pods below, fresh ones above, the present at the right.
  const showHistory = ({ interval_seconds: interval, fresh, draining }) => {
    const height = 100, known = fresh.length, width = Math.max(shortest, known) - 1;
    const most = Math.max(1, ...fresh.map((value, i) => value + draining[i]));
    byId("chart").setAttribute("viewBox", "0 0 " + width + " " + height);
    const x = (i) => width - (known - 1 - i), y = (value) => (height - 0.92 * height * value / most).toFixed(2);
    const area = (low, high) => known === 0 ? "" :
      "M" + high.map((value, i) => x(i) + " " + y(value)).join("L") +
      "L" + low.map((value, i) => x(i) + " " + y(value)).reverse().join("L") + "Z";
    shape("grid", "path", { class: "grid", "vector-effect": "non-scaling-stroke", d: "M0 " + y(most) + "H" + width + "M0 " + y(most / 2) + "H" + width });
    shape("draining", "path", { class: "draining", d: area(draining.map(() => 0), draining) });
    shape("fresh", "path", { class: "fresh", d: area(draining, draining.map((value, i) => value + fresh[i])) });
    put(byId("chart-top"), String(most));
    const ago = (seconds) => age(seconds < 90 ? seconds : 60 * Math.round(seconds / 60)) + " ago";
    put(byId("chart-first"), ago(width * interval));
    put(byId("chart-middle"), ago(width * interval / 2));
    const last = (values) => String(known ? values[known - 1] : 0);
    byId("chart").setAttribute("aria-label", "Open streams: now " + last(fresh) + " on fresh pods and " +
      last(draining) + " on draining pods, at most " + most + " together");
  };

  let latest;
  const show = (state) => {
    latest = state;
    const pods = state.pods.filter((pod) => !isDone(pod, state.session_seconds));
    showPods(pods, state.pods.length - pods.length, state.session_seconds);
    showUpstreams(state.sources, pods);
    showAnswers(state.answers);
    showEvictions(state.evictions);
    showEvents(state.events);
    put(byId("headline"), state.rollout.headline);
    showHistory(state.history);
    const streams = (fresh) => state.pods.filter((pod) => (pod.generation === "fresh") === fresh).reduce((sum, pod) => sum + pod.streams, 0);
    put(byId("fresh-now"), String(streams(true)));
    put(byId("draining-now"), String(streams(false)));
    const keys = [...new Set(state.sources.flatMap((source) => source.keys.map((key) => key.id)))];
    put(byId("about"), "Watching for " + age(state.uptime_seconds) + (keys.length === 0 ? "." : ". Key IDs: " + keys.join(", ") + "."));
  };

  let answered = 0;
  const live = (text, bad) => {
    put(byId("live"), text);
    byId("live").className = bad ? "bad" : "";
    document.body.className = bad ? "stale" : ""; // old figures must not look current
  };
  const refresh = async () => {
    try {
      const answer = await fetch(address, { cache: "no-store", signal: AbortSignal.timeout(patience) });
      if (!answer.ok) throw new Error("status " + answer.status);
      show(await answer.json());
      answered = Date.now();
      live("live", false);
    } catch (error) {
      live("no answer" + (answered ? " for " + age((Date.now() - answered) / 1000) : "") + ": " + error.message, true);
    }
    if (document.hidden) document.addEventListener("visibilitychange", refresh, { once: true });
    else setTimeout(refresh, pause);
  };
  byId("pods-all").addEventListener("click", () => {
    rows = rows === fewRows ? maxRows : fewRows;
    show(latest);
  });
  refresh();
})();
