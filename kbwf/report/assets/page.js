// The kernel browser: reads compressed data from the page itself, and keeps what is chosen in the page's address.
// Text that a model wrote enters the page as text only, or through highlight.js, which escapes it.
"use strict";
(() => {
  const form = document.getElementById("choice");
  const list = document.getElementById("samples");
  const kernel = document.getElementById("kernel");
  const count = document.getElementById("count");
  const NAMES = ["task", "policy", "strategy", "status"];
  const VIEWS = { code: "Code", diff: "Difference to the reference", reference: "Reference" };
  const loaded = new Map();
  let index = null;
  let state = {};

  // What cannot be seen or turns the direction of writing, as an escape: nobody should read other code than runs.
  function visible(text) {
    return text.replace(/(?![\n\t ])[\p{C}\p{Zl}\p{Zp}]/gu, (one) => "\\u{" + one.codePointAt(0).toString(16) + "}");
  }

  async function unpacked(id) {
    if (!loaded.has(id)) {
      const packed = atob(document.getElementById(id).textContent);
      const bytes = new Uint8Array(packed.length);
      for (let place = 0; place < packed.length; place += 1) bytes[place] = packed.charCodeAt(place);
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
      loaded.set(id, new Response(stream).json());
    }
    return loaded.get(id);
  }

  function made(tag, properties, ...children) {
    const element = Object.assign(document.createElement(tag), properties);
    element.append(...children);
    return element;
  }

  function fill(select, options) {
    select.replaceChildren(...options.map(([value, text]) => made("option", { value, textContent: text })));
  }

  function fromAddress() {
    const given = new URLSearchParams(location.hash.slice(1));
    const read = {};
    for (const name of [...NAMES, "sample", "view"]) read[name] = given.get(name) ?? "";
    const { task, policy } = read;
    if (!index.tasks.some((one) => one.id === task)) read.task = index.tasks[0]?.id ?? "";
    const policies = policiesOf(read.task);
    if (!policies.includes(policy)) read.policy = policies[0] ?? "";
    // A sample of what is not there is nobody else's.
    if (read.task !== task || read.policy !== policy) read.sample = "";
    if (!index.strategies.includes(read.strategy)) read.strategy = "";
    if (!index.statuses.includes(read.status)) read.status = "";
    if (!Object.hasOwn(VIEWS, read.view)) read.view = "code";
    return read;
  }

  function address(changes) {
    const given = new URLSearchParams();
    for (const [name, value] of Object.entries({ ...state, ...changes })) if (value) given.set(name, value);
    return "#" + given;
  }

  function isOurs() {
    return location.hash === "" || location.hash.includes("=");
  }

  function policiesOf(taskId) {
    return index.policies.filter((policy) => (taskId + " " + policy) in index.groups);
  }

  function samplesOf() {
    const group = index.groups[state.task + " " + state.policy];
    if (!group) return [];
    return group.seed.map((seed, place) => {
      const one = { place, id: seed + ":" + group.idx[place] };
      for (const name of ["status", "speedup", "low", "high", "surprisal", "tokens", "label"]) one[name] = group[name][place];
      one.again = index.confirmed[state.task + " " + state.policy]?.[one.id] ?? null;
      one.chosenBy = index.strategies.filter((name) =>
        (index.chosen[name + " " + state.policy + " " + state.task] ?? []).includes(one.id));
      return one;
    });
  }

  const number = (value, digits) => (value === null ? "n/a" : value.toFixed(digits));

  const interval = (one) => (one.speedup === null ? "n/a" : `${number(one.speedup, 3)} [${number(one.low, 3)}, ${number(one.high, 3)}]`);

  // What is left of a chosen kernel when it is measured again; the speedup beside it is the one it was chosen by.
  function confirmed(one) {
    if (one.again === null) return "not measured again";
    return one.again.speedup === null ? "no: " + one.again.verdict : `${one.again.verdict}: ${interval(one.again)}`;
  }

  function row(one) {
    const interval = one.low === null ? "n/a" : number(one.low, 2) + " to " + number(one.high, 2);
    const cells = [
      [one.id.replace(":", " / "), one.place], [one.label, one.label], [number(one.speedup, 3), one.speedup], [interval, one.low],
      [number(one.surprisal, 3), one.surprisal], [number(one.tokens, 0), one.tokens], [one.status.replaceAll("_", " "), one.status],
      [one.chosenBy.join(", "), one.chosenBy.join(", ")],
    ];
    const line = made("tr", {});
    line.dataset.id = one.id;
    for (const [text, key] of cells) {
      const cell = made("td", { textContent: text });
      cell.dataset.sort = key ?? "";
      line.append(cell);
    }
    const link = made("a", { href: address({ sample: one.id }), textContent: line.cells[0].textContent, title: "seed / index" });
    line.cells[0].replaceChildren(link);
    line.setAttribute("aria-selected", String(one.id === state.sample));
    return line;
  }

  function showList() {
    const samples = samplesOf().filter((one) =>
      (!state.strategy || one.chosenBy.includes(state.strategy)) && (!state.status || one.status === state.status));
    list.tHead.querySelectorAll("th[aria-sort]").forEach((header) => header.removeAttribute("aria-sort"));
    list.tBodies[0].replaceChildren(...samples.map(row));
    count.textContent = samples.length + (samples.length === 1 ? " sample" : " samples");
  }

  function highlighted(source) {
    const pre = made("pre", { tabIndex: 0 }, made("code", { className: "hljs" }));
    pre.firstChild.innerHTML = hljs.highlight(visible(source), { language: "python" }).value;
    return pre;
  }

  function difference(reference, source) {
    const pre = made("pre", { className: "diff", tabIndex: 0 });
    for (const part of Diff.diffLines(reference, source)) {
      const sign = part.added ? "+ " : part.removed ? "- " : "  ";
      const className = part.added ? "added" : part.removed ? "removed" : "";
      for (const line of part.value.replace(/\n$/, "").split("\n")) pre.append(made("span", { className, textContent: sign + visible(line) }));
    }
    return pre;
  }

  async function showKernel() {
    const one = samplesOf().find((candidate) => candidate.id === state.sample);
    if (!one) {
      kernel.replaceChildren(made("p", { textContent: "No sample is chosen." }));
      return;
    }
    const wanted = location.hash;
    const data = await unpacked("kernels-" + state.task);
    if (location.hash !== wanted) return;
    const of = data.of[state.policy];
    const source = data.sources[of.source[one.place]] ?? null;
    const facts = [
      ["status", one.status.replaceAll("_", " ")], ["label", one.label],
      ["speedup", interval(one)], ["confirmed", confirmed(one)],
      ["surprisal", one.surprisal === null ? "n/a" : number(one.surprisal, 4) + " nats"], ["tokens", number(one.tokens, 0)],
      ["chosen by", one.chosenBy.join(", ") || "no strategy"], ["the judge's reason", data.texts[of.message[one.place]] || (one.status === "passed" ? "right outputs in every trial" : "none given")],
    ];
    const [seed, sampleIndex] = one.id.split(":");
    const parts = [made("h3", { textContent: `${state.task}, ${state.policy}, seed ${seed}, sample ${sampleIndex}` })];
    const terms = facts.flatMap(([term, text]) => [made("dt", { textContent: term }), made("dd", { textContent: visible(String(text)) })]);
    parts.push(made("dl", {}, ...terms));
    const trace = data.texts[of.trace[one.place]];
    if (trace) {
      const summary = made("summary", { textContent: "Its last words" });
      parts.push(made("details", {}, summary, made("pre", { className: "trace", textContent: visible(trace) })));
    }
    const tabs = made("div", { className: "tabs" });
    for (const [view, title] of Object.entries(VIEWS)) {
      const button = made("button", { type: "button", textContent: title, onclick: () => go({ view }) });
      button.setAttribute("aria-pressed", String(view === state.view));
      tabs.append(button);
    }
    parts.push(tabs);
    if (state.view === "reference") parts.push(highlighted(data.reference));
    else if (source === null) parts.push(made("p", { textContent: "The response holds no kernel." }));
    else if (state.view === "diff") parts.push(difference(data.reference, source));
    else parts.push(highlighted(source));
    const focused = kernel.contains(document.activeElement) ? state.view : null;
    kernel.replaceChildren(...parts);
    if (focused) tabs.children[Object.keys(VIEWS).indexOf(focused)].focus();
  }

  function go(changes) {
    location.hash = address(changes);
  }

  function show() {
    const before = state;
    state = fromAddress();
    if (before.task !== state.task) fill(form.elements.policy, policiesOf(state.task).map((policy) => [policy, policy]));
    for (const name of NAMES) form.elements[name].value = state[name];
    const isListed = NAMES.every((name) => before[name] === state[name]);
    if (!isListed) showList();
    for (const line of list.tBodies[0].rows) {
      line.setAttribute("aria-selected", String(line.dataset.id === state.sample));
      line.cells[0].firstChild.href = address({ sample: line.dataset.id });
    }
    return showKernel();
  }

  function move(event) {
    const steps = { ArrowDown: 1, ArrowUp: -1 };
    if (!(event.key in steps)) return;
    const rows = [...list.tBodies[0].rows];
    const current = rows.findIndex((line) => line.dataset.id === state.sample);
    const next = rows[Math.min(Math.max(current + steps[event.key], 0), rows.length - 1)];
    if (!next) return;
    event.preventDefault();
    go({ sample: next.dataset.id });
    next.cells[0].firstChild.focus();
  }

  async function start() {
    index = await unpacked("index");
    fill(form.elements.task, index.tasks.map((task) => [task.id, visible(`${task.id} ${task.name}`)]));
    fill(form.elements.strategy, [["", "all samples"], ...index.strategies.map((name) => [name, "chosen by " + name])]);
    fill(form.elements.status, [["", "any"], ...index.statuses.map((name) => [name, name.replaceAll("_", " ")])]);
    form.addEventListener("change", (event) => {
      const isOther = event.target.name === "task" || event.target.name === "policy";
      go({ [event.target.name]: event.target.value, ...(isOther ? { sample: "" } : {}) });
    });
    form.addEventListener("submit", (event) => event.preventDefault());
    list.addEventListener("click", (event) => {
      const line = event.target.closest("tbody tr");
      if (line && !event.target.closest("a")) go({ sample: line.dataset.id });
    });
    list.closest(".list").addEventListener("keydown", move);
    addEventListener("hashchange", () => { if (isOurs()) show(); });
    const isLinked = location.hash.includes("=");
    await show();
    if (isLinked) document.getElementById("kernels").scrollIntoView();
    document.documentElement.dataset.ready = "yes";
  }

  addEventListener("beforeprint", () => document.querySelectorAll("main section details").forEach((one) => { one.open = true; }));
  start();
})();
