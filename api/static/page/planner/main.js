// The desk of a plan: puts the map, the table and the panels together around one plan.
// @ts-check

import { given, remember } from "./address.js";
import { drawChosen } from "./chosen.js";
import { Compare } from "./compare.js";
import { drawCouncil } from "./council.js";
import { Cursor } from "./cursor.js";
import { byId, make } from "./dom.js";
import { setUpKeys } from "./keys.js";
import { labelOf, Looks } from "./looks.js";
import { BlockMap } from "./map.js";
import { hush, say } from "./message.js";
import { Overlays } from "./overlays.js";
import { Panels } from "./panels.js";
import { Plan } from "./plan.js";
import { setUpPrint } from "./print.js";
import { Selection } from "./selection.js";
import { planAddress, read, Refusal } from "./service.js";
import { setUpStrokes } from "./strokes.js";
import { AreaTable } from "./table.js";
import { Taking } from "./taking.js";
import { arcsOf, blocksOf, Finder, middleOf, neighboursOf, sizeOf } from "./topology.js";
import { setUpViewing } from "./viewing.js";
import { figure, title } from "./words.js";

/** @typedef {import("./types.js").PlanState} PlanState */

const { plan: planId = "", layers = "[]", question = "", tiles = "", credit = "" } = document.body.dataset;
const whole = planAddress(planId, question ? `?${question}` : "");

open().catch((error) => {
  byId("status").textContent = "Cannot be opened";
  say(error.message);
  if (!(error instanceof Refusal)) throw error;
});

async function open() {
  const state = /** @type {PlanState} */ (await read(whole));
  const blocks = blocksOf(await read(`/planner/blocks/${encodeURIComponent(state.blocks_layer)}`));
  const place = new Map(blocks.map((block, at) => [block.id, at]));
  desk(new Plan(state), state.codes.map((code) => blocks[/** @type {number} */ (place.get(code))]));
}

/** @param {Plan} plan @param {import("./topology.js").Block[]} blocks in the order of the plan */
function desk(plan, blocks) {
  const arcs = arcsOf(blocks);
  const near = neighboursOf(blocks.length, arcs);
  const ground = { blocks, arcs, middles: blocks.map(middleOf), sizes: blocks.map(sizeOf) };
  const looks = new Looks(plan, arcs);
  const into = /** @type {HTMLSelectElement} */ (byId("into"));
  let chosen = plan.area(given("area"))?.code ?? plan.areas[0]?.code ?? "";
  let tool = "paint";

  const shown = (/** @type {number} */ block) => plan.shown(block);
  const map = new BlockMap(byId("map"), ground, {
    area: shown,
    chosen: () => chosen,
    fill: (block) => looks.fill(block, shown(block), plan.rows),
    label: (code) => ({ name: plan.called(code), ...labelOf(plan.rows[code]) }),
  }, { tiles, credit });
  L.control.zoom({ position: "topright" }).addTo(map.map);
  L.control.scale({ imperial: false }).addTo(map.map);
  const compare = new Compare(map, () => ({
    area: (block) => plan.state.start[block],
    chosen: () => chosen,
    fill: (block) => looks.fill(block, plan.state.start[block], plan.state.before.rows),
    label: (code) => ({ name: plan.called(code), ...labelOf(plan.state.before.rows[code]) }),
  }));
  const taking = new Taking(plan, map, () => {
    drawnChosen = "";
    drawChosenArea();
  });
  const take = (/** @type {import("./types.js").Step} */ step) => void taking.take(step);
  const selection = new Selection(byId("selection"), plan, {
    into: () => chosen, move: (some, to) => taking.move(some, to), take, mark: (some) => map.mark(some),
  });
  const light = (/** @type {number[]} */ some) => map.mark(some.length ? some : selection.blocks);
  const table = new AreaTable(byId("areas"), plan, {
    colour: looks.colour, chosen: () => chosen, choose, point: (code) => light(code ? plan.blocksOf(code) : []),
  });
  const panels = new Panels(byId("panels"), plan, {
    light,
    zoom: (some) => {
      map.zoomTo(some);
      map.mark(some);
      byId("map").scrollIntoView({ block: "nearest" });
    },
    unbridge: (name) => take({ step: "unbridge", name }),
    move: (block, to) => taking.move([block], to),
    suggest: () => read(planAddress(planId, `/suggestions${question ? `?${question}` : ""}`)),
  });

  /** @type {Map<number, string>} */
  let stroke = new Map();
  let collecting = true;
  const settle = setUpStrokes(map.map, new Finder(blocks), {
    active: () => tool !== "hand",
    begin: (block) => {
      stroke = new Map();
      collecting = !selection.blocks.has(block);
      hush();
    },
    over: (block) => {
      if (tool === "select") selection.set(block, collecting);
      else if (shown(block) !== chosen) {
        stroke.set(block, chosen);
        map.shapes[block].setStyle({ fillColor: looks.fill(block, chosen, plan.rows) });
      }
      tell(block);
    },
    end: () => tool === "paint" && taking.paint([...stroke.keys()], chosen),
    cancel: () => map.shade(stroke.keys()),
    point: tell,
    pick: (block) => block !== -1 && choose(shown(block)),
  });
  const cursor = new Cursor(map, near, {
    first: () => plan.blocksOf(chosen)[0] ?? 0,
    told: (block) => {
      tell(block);
      byId("said").textContent = tellOf(block);
    },
  });
  const there = (/** @type {(block: number) => void} */ act) => () => cursor.block !== -1 && act(cursor.block);
  setUpKeys(byId("map"), {
    paint: there((block) => taking.move([block], chosen)),
    collect: there((block) => selection.set(block, !selection.blocks.has(block))),
    pick: there((block) => choose(shown(block))),
    go: () => cursor.go(plan.blocksOf(chosen)[0] ?? cursor.block),
    number: (at) => plan.areas[at] && choose(plan.areas[at].code),
    next: (by) => {
      const codes = plan.areas.map((area) => area.code);
      choose(codes[(codes.indexOf(chosen) + by + codes.length) % codes.length] ?? "");
    },
    undo: () => take({ step: "undo" }),
    redo: () => take({ step: "redo" }),
    lock: () => plan.area(chosen) && take({ step: plan.area(chosen)?.locked ? "unlock" : "lock", area: chosen }),
    tool: useTool,
    zoom: (by) => map.map.setZoom(map.map.getZoom() + by, { animate: false }),
    fit: () => map.fit(),
  });

  /** @param {number} block */
  function tell(block) {
    byId("told").textContent = block === -1 ? "\u00a0" : tellOf(block);
  }

  /** @param {number} block */
  function tellOf(block) {
    const known = Object.entries(plan.state.figures).map(([name, values]) => `${title(name).toLowerCase()} ${figure(values[block])}`);
    const [now, before] = [shown(block), plan.state.start[block]];
    const from = now === before ? "" : ` (before: ${plan.called(before)})`;
    const name = blocks[block].name === blocks[block].id ? "" : ` ${blocks[block].name}`;
    return `${plan.codes[block]}${name} in ${plan.called(now)}${from}${known.length ? `: ${known.join(", ")}` : ""}`;
  }

  /** @param {string} code */
  function choose(code) {
    chosen = plan.area(code) ? code : "";
    into.value = chosen;
    table.mark();
    map.drawLines();
    compare.before?.drawLines();
    drawChosenArea();
    selection.draw();
    remember("area", chosen);
    byId("said").textContent = `${plan.called(chosen)} is chosen`;
  }

  let drawnChosen = "";
  function drawChosenArea() {
    byId("into-swatch").style.background = looks.colour(chosen);
    const key = JSON.stringify([chosen, plan.areas, looks.colour(chosen)]);
    if (key === drawnChosen) return; // what is being typed there stays
    drawnChosen = key;
    drawChosen(byId("chosen"), plan, chosen, { take, colour: looks.colour, zoom: (code) => map.zoomTo(plan.blocksOf(code)) });
  }

  function drawInto() {
    into.replaceChildren(
      ...plan.areas.map(({ code, name, locked }) => make("option", { value: code }, locked ? `${name} (locked)` : name)),
      make("option", { value: "" }, "no area"),
    );
    into.value = chosen;
  }

  /** Show the plan as it stands. @param {string[]} changed the areas whose row is another */
  function draw(changed) {
    if (chosen && !plan.area(chosen)) chosen = plan.areas[0]?.code ?? "";
    const recoloured = looks.recolour();
    table.update(recoloured ? plan.areas.map((area) => area.code) : changed);
    drawCouncil(plan);
    drawInto();
    drawTurns(plan);
    panels.draw();
    drawChosenArea();
    if (recoloured || looks.by === "variance_percent") map.shade();
    if (recoloured) compare.before?.shade();
    map.draw();
  }

  /** @param {string} name */
  function useTool(name) {
    tool = name;
    for (const radio of tools) radio.checked = radio.value === name;
    settle();
  }
  const tools = /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('input[name="tool"]'));
  for (const radio of tools) radio.addEventListener("change", () => useTool(radio.value));
  into.addEventListener("change", () => choose(into.value));
  for (const step of ["undo", "redo"]) byId(step).addEventListener("click", () => take({ step }));

  plan.addEventListener("shown", (event) => map.shade(/** @type {CustomEvent} */ (event).detail));
  plan.addEventListener("changed", (event) => {
    const { blocks: moved, areas } = /** @type {CustomEvent} */ (event).detail;
    map.shade(moved);
    draw(areas);
  });
  plan.addEventListener("busy", () => drawStatus(plan));

  setUpViewing(map, looks, compare, new Overlays([map.map], JSON.parse(layers), question));
  draw(plan.areas.map((area) => area.code));
  choose(chosen);
  setUpPrint(map, () => compare.before);
  drawStatus(plan);
  lookForOthers(plan);
  document.body.dataset.ready = "true";
}

/** @param {Plan} plan */
function drawStatus({ onTheirWay, standing }) {
  byId("status").classList.toggle("busy", onTheirWay.length > 0);
  byId("status").textContent = onTheirWay.length ? "Saving …" : `Saved, version ${standing.version}`;
}

/** What can be undone and redone. @param {Plan} plan */
function drawTurns({ standing }) {
  for (const [id, what] of [["undo", standing.undo], ["redo", standing.redo]]) {
    const button = /** @type {HTMLButtonElement} */ (byId(id));
    button.disabled = !what;
    button.title = what ? `${id === "undo" ? "Undo" : "Redo"}: ${what}` : `Nothing to ${id}`;
  }
}

/** Somebody else may go on with the plan while nobody looks at this page. @param {Plan} plan */
function lookForOthers(plan) {
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible" || plan.onTheirWay.length) return;
    const fresh = await read(whole).catch(() => null);
    if (!fresh || fresh.standing.version === plan.standing.version) return;
    say(`this plan was changed meanwhile: it is in version ${fresh.standing.version}, and here in version ${plan.standing.version}`,
      ["Load it again", () => location.reload(), true]);
  });
}
