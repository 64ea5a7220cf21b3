"""The style sheet and the script of the HTML page, as they stand in it; imports nothing."""

PAGE_STYLE = """
*{box-sizing:border-box}
[hidden]{display:none!important}
body{margin:0;height:100vh;display:flex;flex-direction:column;background:var(--page);color:var(--ink);
 font:15px/1.45 Helvetica,Arial,"Liberation Sans","DejaVu Sans",sans-serif}
.pick{position:absolute;opacity:0;pointer-events:none}
header{display:flex;flex-wrap:wrap;align-items:center;gap:6px 18px;padding:8px 16px;
 border-bottom:1px solid var(--rule)}
h1{font-size:17px;margin:0;overflow-wrap:anywhere}
nav{display:flex;flex-wrap:wrap;gap:4px}
nav.tools{margin-left:auto}
header label,button{border:1px solid var(--rule);border-radius:6px;padding:3px 11px;cursor:pointer;
 background:var(--soft);color:var(--ink);font:inherit}
header label:hover,button:hover{border-color:var(--mark)}
button:focus-visible{outline:2px solid var(--mark)}
main{flex:1;min-height:0;display:flex}
.drawings{flex:1;min-width:0;position:relative;overflow:hidden}
.stage{display:none;position:absolute;inset:0;overflow:auto;padding:8px;text-align:center}
.stage svg{display:inline-block}
.live .stage{overflow:hidden;padding:0;cursor:grab;touch-action:none}
.live .stage.dragging{cursor:grabbing}
.live .stage svg{position:absolute;left:0;top:0;transform-origin:0 0;display:block;max-width:none}
.live .node{cursor:pointer}
.symconv .node.chosen .shape{stroke-width:3.2}
.symconv .edge.near path{stroke-width:3}
.symconv .page{stroke:none}
aside{width:min(430px,38vw);overflow:auto;border-left:1px solid var(--rule);padding:8px 14px}
aside:empty{display:none}
summary{font-weight:bold;cursor:pointer;padding:5px 0}
pre,.log,.about dd{font:12.5px/1.5 "DejaVu Sans Mono",Menlo,Consolas,"Liberation Mono",monospace}
pre{overflow:auto;background:var(--soft);border:1px solid var(--rule);border-radius:6px;padding:10px;
 margin:4px 0}
.log{margin:4px 0;padding-left:34px}
.log li{white-space:pre-wrap;overflow-wrap:anywhere}
.about dl{display:grid;grid-template-columns:auto 1fr;gap:2px 12px;margin:4px 0}
.about dt{opacity:.75}
.about dd{margin:0;white-space:pre-wrap;overflow-wrap:anywhere}
@media (max-width:760px){main{flex-direction:column}aside{width:auto;max-height:42vh;border-left:0;
 border-top:1px solid var(--rule)}}
@media print{body{height:auto}.tools{display:none}.drawings,.stage{position:static;overflow:visible}}
"""

PAGE_SCRIPT = """
"use strict";
(function () {
  const views = JSON.parse(document.getElementById("views").textContent);
  const picks = Array.from(document.querySelectorAll(".pick"));
  const stages = Array.from(document.querySelectorAll(".stage"));
  const panel = document.querySelector(".node-panel");
  const about = panel.querySelector(".about");
  const places = stages.map(() => null);
  document.body.classList.add("live");
  document.querySelector(".tools").hidden = false;
  panel.hidden = false;

  function current() { return picks.findIndex((pick) => pick.checked); }
  function drawing(i) { return stages[i].querySelector("svg"); }
  function apply(i) {
    const p = places[i];
    drawing(i).style.transform = `translate(${p.x}px,${p.y}px) scale(${p.k})`;
  }
  function fit(i) {
    const box = drawing(i).viewBox.baseVal, room = stages[i].getBoundingClientRect();
    if (!room.width || !room.height) { return; }
    const k = Math.min((room.width - 24) / box.width, (room.height - 24) / box.height, 1.6);
    places[i] = { k: k, x: (room.width - box.width * k) / 2, y: (room.height - box.height * k) / 2 };
    apply(i);
  }
  function zoom(i, factor, x, y) {
    const p = places[i];
    if (!p) { return; }
    const k = Math.min(8, Math.max(0.02, p.k * factor));
    p.x = x - (x - p.x) * k / p.k;
    p.y = y - (y - p.y) * k / p.k;
    p.k = k;
    apply(i);
  }
  function zoomMiddle(factor) {
    const room = stages[current()].getBoundingClientRect();
    zoom(current(), factor, room.width / 2, room.height / 2);
  }
  function shown() { if (!places[current()]) { fit(current()); } }
  function go(step) {
    const i = Math.min(picks.length - 1, Math.max(0, current() + step));
    picks[i].checked = true;
    shown();
  }
  function flip() {
    const root = document.documentElement;
    const dark = root.dataset.theme ? root.dataset.theme === "dark"
      : window.matchMedia("(prefers-color-scheme: dark)").matches;
    root.dataset.theme = dark ? "light" : "dark";
  }
  function choose(i, node) {
    document.querySelectorAll(".chosen,.near").forEach((e) => e.classList.remove("chosen", "near"));
    const list = document.createElement("dl");
    if (node) {
      const name = node.dataset.node;
      node.classList.add("chosen");
      stages[i].querySelectorAll(".edge").forEach((edge) => {
        if (edge.dataset.source === name || edge.dataset.target === name) { edge.classList.add("near"); }
      });
      for (const [key, value] of views[i].nodes[name]) {
        const term = document.createElement("dt"), text = document.createElement("dd");
        term.textContent = key;
        text.textContent = value;
        list.append(term, text);
      }
    } else {
      list.append("Click a node.");
    }
    about.replaceChildren(list);
  }

  const actions = { back: () => go(-1), next: () => go(1), out: () => zoomMiddle(1 / 1.25),
    in: () => zoomMiddle(1.25), fit: () => fit(current()), theme: flip };
  document.querySelectorAll("button").forEach((button) => {
    button.addEventListener("click", () => actions[button.dataset.action]());
  });
  const keys = { ArrowLeft: "back", ArrowRight: "next", "-": "out", "+": "in", "=": "in", "0": "fit",
    t: "theme" };
  document.addEventListener("keydown", (event) => {
    const action = keys[event.key];
    if (action && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      actions[action]();
    }
  });
  picks.forEach((pick) => pick.addEventListener("change", shown));
  window.addEventListener("resize", () => { places.fill(null); shown(); });
  stages.forEach((stage, i) => {
    let held = null, moved = false;
    stage.addEventListener("wheel", (event) => {
      event.preventDefault();
      const room = stage.getBoundingClientRect();
      zoom(i, Math.exp(-event.deltaY * 0.0015), event.clientX - room.left, event.clientY - room.top);
    }, { passive: false });
    stage.addEventListener("pointerdown", (event) => {
      if (!places[i]) { return; }
      held = { x: event.clientX - places[i].x, y: event.clientY - places[i].y, target: event.target,
        startX: event.clientX, startY: event.clientY };
      moved = false;
      stage.setPointerCapture(event.pointerId);
    });
    stage.addEventListener("pointermove", (event) => {
      if (!held) { return; }
      if (Math.hypot(event.clientX - held.startX, event.clientY - held.startY) > 4) {
        moved = true;
        stage.classList.add("dragging");
      }
      places[i].x = event.clientX - held.x;
      places[i].y = event.clientY - held.y;
      apply(i);
    });
    stage.addEventListener("pointerup", () => {
      stage.classList.remove("dragging");
      if (held && !moved) { choose(i, held.target.closest(".node")); }
      held = null;
    });
    stage.addEventListener("pointercancel", () => { held = null; stage.classList.remove("dragging"); });
  });
  fit(current());
}());
"""
