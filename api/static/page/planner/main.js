// The page of one plan: connects the map, the table and the panels.
// @ts-check

import { given, remember } from "./address.js";
import { drawChosen } from "./chosen.js";
import { Comments } from "./comments.js";
import { Communities } from "./communities.js";
import { Compare } from "./compare.js";
import { drawCouncil } from "./council.js";
import { CouncilSize } from "./council_size.js";
import { Cursor } from "./cursor.js";
import { byId, make } from "./dom.js";
import { setUpDownloads } from "./downloads.js";
import { Forecast } from "./forecast.js";
import { Fit } from "./fit.js";
import { setUpFind } from "./find.js";
import { Improve } from "./improve.js";
import { setUpKeys } from "./keys.js";
import { Live } from "./live.js";
import { labelOf, BlockStyles } from "./styles.js";
import { BlockMap } from "./map.js";
import { hush, say } from "./message.js";
import { Overlays } from "./overlays.js";
import { Panels } from "./panels.js";
import { Plan } from "./plan.js";
import { setUpPrint } from "./print.js";
import { Selection } from "./selection.js";
import { planAddress, read, Refusal, send } from "./service.js";
import { setUpStrokes } from "./strokes.js";
import { AreaTable } from "./table.js";
import { StepSender } from "./step_sender.js";
import { Geometry } from "./topology.js";
import { Units } from "./units.js";
import { setUpViewOptions } from "./view_options.js";
import { figure, title } from "./text.js";
import { ownAddress } from "../root.js";

/** @typedef {import("./types.js").PlanState} PlanState */

const { plan: planId = "", blocks: blocksLayer = "", layers = "[]", question = "", tiles = "", credit = "" } = document.body.dataset;
const LIT_MS = 4000;
const whole = planAddress(planId, question ? `?${question}` : "");

/** Tick the overlay of a layer, if it is not drawn. @param {string} layer */
const drawOver = (layer) => /** @type {HTMLInputElement | null} */ (document.querySelector(`#overlays input[value="${CSS.escape(layer)}"]:not(:checked)`))?.click();

open().catch((error) => {
  byId("status").textContent = "Could not be opened";
  say(error.message);
  if (!(error instanceof Refusal)) throw error;
});

async function open() {
  const drawn = ownAddress(`/planner/blocks/${encodeURIComponent(blocksLayer)}`);
  const [state, blocks] = /** @type {[PlanState, any]} */ (await Promise.all([read(whole), read(drawn)]));
  const geometry = new Geometry(blocks);
  if (geometry.codes.some((code, at) => code !== state.codes[at])) throw new Error("the layer of blocks has just changed; reload the page");
  showPlan(new Plan(state, question), geometry);
}

/** @param {Plan} plan @param {Geometry} geometry of its blocks */
function showPlan(plan, geometry) {
  const styles = new BlockStyles(plan, geometry.arcs);
  const into = /** @type {HTMLSelectElement} */ (byId("into"));
  let chosen = plan.area(given("area"))?.code ?? plan.areas[0]?.code ?? "";
  let tool = "paint";
  const endsOf = (/** @type {import("./types.js").Bridge[]} */ bridges) =>
    bridges.map(({ ends }) => /** @type {[number, number]} */ (ends.map((code) => plan.places.get(code) ?? 0)));

  const shown = (/** @type {number} */ block) => plan.shown(block);
  const map = new BlockMap(byId("map"), geometry, {
    area: shown,
    chosen: () => chosen,
    fill: (block) => styles.fill(block, shown(block), plan.rows),
    label: (code) => ({ name: plan.called(code), number: plan.numberOf(code), ...labelOf(plan.rows[code]) }),
    bridges: () => endsOf(plan.status.bridges),
  }, { tiles, credit });
  L.control.zoom({ position: "topright" }).addTo(map.map);
  L.control.scale({ imperial: false }).addTo(map.map);
  const compare = new Compare(map, () => ({
    area: (block) => plan.state.start[block],
    chosen: () => chosen,
    fill: (block) => styles.fill(block, plan.state.start[block], plan.state.before.rows),
    label: (code) => ({ name: plan.called(code), number: plan.numberOf(code), ...labelOf(plan.state.before.rows[code]) }),
    bridges: () => endsOf(plan.state.before.bridges),
  }));
  /** @type {Map<number, string>} */
  let previewed = new Map();
  /** Show blocks as if they were moved; an empty map shows the plan as it is. @param {Map<number, string>} moved */
  const preview = (moved) => {
    map.shade(previewed.keys());
    previewed = moved;
    for (const [block, to] of moved) map.tint(block, styles.fill(block, to, plan.rows));
    map.mark([...moved.keys()]);
  };
  const steps = new StepSender(plan, map, {
    refused: () => {
      drawnChosen = "";
      drawChosenArea();
    },
    preview,
  });
  const take = (/** @type {import("./types.js").Step} */ step) => void steps.take(step);
  const selection = new Selection(byId("selection"), plan, {
    into: () => chosen, move: (some, to) => steps.move(some, to), take, mark: (some) => map.mark(some),
  });
  const light = (/** @type {number[]} */ some) => map.mark(some.length ? some : selection.blocks);
  let lit = 0;
  /** Mark for a moment what others have moved. @param {number[]} some */
  const lightOthers = (some) => {
    clearTimeout(lit);
    map.mark([...some, ...selection.blocks]);
    lit = setTimeout(() => light([]), LIT_MS);
  };
  const table = new AreaTable(byId("areas"), plan, {
    colour: styles.colour, chosen: () => chosen, choose, point: (code) => light(code ? plan.blocksOf(code) : []),
  });
  const panels = new Panels(byId("panels"), plan, {
    light,
    zoom: (some) => {
      map.zoomTo(some);
      map.mark(some);
      byId("map").scrollIntoView({ block: "nearest" });
    },
    unbridge: (name) => take({ step: "unbridge", name }),
    move: (block, to) => steps.move([block], to),
    suggest: () => read(planAddress(planId, `/suggestions${question ? `?${question}` : ""}`)),
  });

  /** The address of what the service finds out about the plan. */
  const part = (/** @type {string} */ name, /** @type {Record<string, string>} */ terms) =>
    planAddress(planId, `/${name}?${new URLSearchParams([...new URLSearchParams(question), ...Object.entries(terms).filter(([, value]) => value)])}`);
  const councilSize = new CouncilSize(plan, {
    take,
    compare: (terms) => read(part("council", terms)),
  });

  const drawable = /** @type {import("./overlays.js").Layer[]} */ (JSON.parse(layers));
  const others = drawable.filter(({ kind }) => kind === "areas");
  const comments = new Comments(plan, map, {
    read: () => read(planAddress(planId, "/comments")),
    add: (comment) => send(planAddress(planId, "/comments"), { ...comment, by: steps.by.value.trim() }),
    bring: (file) => send(planAddress(planId, "/comments/file"), { ...file, by: steps.by.value.trim() }),
    place: (block) => geometry.middles[block],
    selected: () => [...selection.blocks],
    light,
    zoom: (some) => {
      map.zoomTo(some);
      map.mark(some);
      byId("map").scrollIntoView({ block: "nearest" });
    },
  });
  const zoomToAll = (/** @type {number[]} */ some) => {
    map.zoomTo(some);
    map.mark(some);
  };
  const sites = drawable.find(({ id }) => id === `${blocksLayer}-sites`);
  const forecast = new Forecast(plan, {
    take, zoom: zoomToAll,
    drawOver: () => sites && drawOver(sites.id),
    sites: sites && (() => read(ownAddress(`/ogc/collections/${encodeURIComponent(sites.id)}/items?f=json&limit=10000`))),
  });
  const communities = new Communities(plan, others, {
    read: (layer) => read(part("communities", { communities: layer })), drawOver,
  });
  const improve = new Improve(plan, others, {
    search: (terms, signal) => read(part("alternative", terms), signal),
    take,
    preview,
    by: () => steps.by.value.trim(),
  });

  const fit = new Fit(plan, others, {
    take,
    move: (some, to) => steps.move(some, to),
    show: (block) => {
      map.zoomTo([block, ...geometry.near[block]]);
      map.mark([block]);
      showBlock(block);
    },
    zoom: (code) => map.zoomTo(plan.blocksOf(code)),
    drawOver,
    read: (target) => read(part("fit", { target })),
    changes: (target) => part("fit/changes.csv", { target }),
  });

  const units = new Units(plan, others, {
    read: (layer) => read(part("units", { of: layer })),
    refine: (terms) => send(planAddress(planId, "/refined"), { ...terms, by: steps.by.value.trim() }),
    flag: (some) => map.flag(some),
    zoom: zoomToAll,
    drawOver,
  });

  /** @type {Map<number, string>} */
  let stroke = new Map();
  let collecting = true;
  const settle = setUpStrokes(map.map, geometry, {
    active: () => tool !== "hand",
    begin: (block) => {
      stroke = new Map();
      collecting = !selection.blocks.has(block);
      hush();
    },
    over: (block) => {
      if (tool === "select") selection.set(units.of(block), collecting);
      else if (tool === "fill") fill(block);
      else if (!stroke.has(block)) {
        for (const each of units.of(block).filter((other) => shown(other) !== chosen)) {
          stroke.set(each, chosen);
          map.tint(each, styles.fill(each, chosen, plan.rows));
        }
      }
      showBlock(block);
    },
    end: () => tool !== "select" && steps.paint([...stroke.keys()], chosen),
    cancel: () => map.shade(stroke.keys()),
    point: showBlock,
    pick: (block) => block !== -1 && choose(shown(block)),
  });
  /** Add a block to the stroke, with all of its area that it is joined to. @param {number} block */
  function fill(block) {
    const area = shown(block);
    if (area === chosen || stroke.has(block)) return;
    for (const each of geometry.joined(block, (other) => shown(other) === area)) {
      stroke.set(each, chosen);
      map.tint(each, styles.fill(each, chosen, plan.rows));
    }
  }
  const cursor = new Cursor(map, {
    first: () => plan.blocksOf(chosen)[0] ?? 0,
    moved: (block) => {
      showBlock(block);
      byId("announcement").textContent = describe(block);
    },
  });
  const there = (/** @type {(block: number) => void} */ act) => () => cursor.block !== -1 && act(cursor.block);
  setUpKeys(byId("map"), {
    paint: there((block) => steps.move(units.of(block), chosen)),
    collect: there((block) => selection.set(units.of(block), !selection.blocks.has(block))),
    pick: there((block) => choose(shown(block))),
    go: () => cursor.go(plan.blocksOf(chosen)[0] ?? cursor.block),
    number: (at) => plan.areas[at] && choose(plan.areas[at].code),
    find: () => byId("find-place").focus(),
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
    give: () => fit.giveBlock(),
    keep: () => fit.keepBlock(),
    leave: () => fit.nextBlock(),
  });

  /** @param {number} block */
  function showBlock(block) {
    byId("block-info").textContent = block === -1 ? "\u00a0" : describe(block);
  }

  /** @param {number} block */
  function describe(block) {
    const known = Object.entries(plan.state.figures).map(([name, values]) => `${title(name).toLowerCase()} ${figure(values[block])}`);
    const [now, before] = [shown(block), plan.state.start[block]];
    const from = now === before ? "" : ` (before: ${plan.called(before)})`;
    const own = geometry.names[block];
    const name = own === plan.codes[block] ? "" : ` ${own}`;
    const unit = units.called(block) && `, of ${units.called(block)}`;
    return `${plan.codes[block]}${name}${unit} in ${plan.called(now)}${from}${known.length ? `: ${known.join(", ")}` : ""}`;
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
    byId("announcement").textContent = `${plan.called(chosen)} selected`;
  }

  let drawnChosen = "";
  function drawChosenArea() {
    byId("into-swatch").style.background = styles.colour(chosen);
    const key = JSON.stringify([chosen, plan.areas, styles.colour(chosen)]);
    if (key === drawnChosen) return; // redrawing would wipe what is being typed there
    drawnChosen = key;
    drawChosen(byId("chosen"), plan, chosen, { take, colour: styles.colour, zoom: (code) => map.zoomTo(plan.blocksOf(code)) });
  }

  let drawnInto = "";
  function drawInto() {
    const key = JSON.stringify(plan.areas.map(({ code, name, locked }) => [code, name, locked]));
    if (key === drawnInto) return void (into.value = chosen);
    drawnInto = key;
    into.replaceChildren(
      ...plan.areas.map(({ code, name, locked }) => make("option", { value: code }, locked ? `${name} (locked)` : name)),
      make("option", { value: "" }, "no area"),
    );
    into.value = chosen;
  }

  /** Show the plan as it stands. @param {string[]} changed the areas whose row is another */
  function draw(changed) {
    if (chosen && !plan.area(chosen)) chosen = plan.areas[0]?.code ?? "";
    const recoloured = styles.recolour();
    table.update(recoloured ? plan.areas.map((area) => area.code) : changed);
    drawCouncil(plan);
    councilSize.draw();
    improve.draw();
    communities.draw();
    forecast.draw();
    comments.draw();
    fit.draw();
    units.draw();
    drawInto();
    drawTurns(plan, steps.by.value.trim());
    drawLocks(plan);
    panels.draw();
    panels.suggestAgain();
    drawChosenArea();
    if (recoloured || styles.by === "variance_percent") map.shade();
    if (recoloured) compare.before?.shade();
    map.draw();
  }

  /** @type {Set<string>} areas whose rows have changed since the plan was drawn */
  const undrawn = new Set();
  let waiting = false;
  /** Show the plan once the browser has shown that the step is saved: hundreds of areas take longer to draw. @param {string[]} changed */
  function drawAfterwards(changed) {
    for (const code of changed) undrawn.add(code);
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => setTimeout(() => {
      waiting = false;
      const codes = [...undrawn];
      undrawn.clear();
      draw(codes);
    }));
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
  for (const step of ["lock-all", "unlock-all"]) byId(step).addEventListener("click", () => take({ step }));
  steps.by.addEventListener("input", () => drawTurns(plan, steps.by.value.trim()));
  for (const step of ["undo", "redo"]) byId(step).addEventListener("click", () => take({ step }));

  plan.addEventListener("shown", (event) => map.shade(/** @type {CustomEvent} */ (event).detail));
  plan.addEventListener("changed", (event) => {
    const { blocks: moved, areas } = /** @type {CustomEvent} */ (event).detail;
    drawStatus(plan);
    map.shade(moved);
    drawAfterwards(areas);
  });
  plan.addEventListener("busy", () => drawStatus(plan));

  const zoomTo = (/** @type {number[]} */ some) => {
    map.zoomTo(some);
    map.mark(some);
  };
  setUpFind(() => [
    ...plan.areas.map(({ code, name }) => ({ code, name, show: () => {
      choose(code);
      zoomTo(plan.blocksOf(code));
      byId("map").focus();
    } })),
    ...plan.codes.map((code, block) => ({ code, name: geometry.names[block], show: () => {
      zoomTo([block]);
      showBlock(block);
      byId("announcement").textContent = describe(block);
    } })),
  ]);
  setUpViewOptions(map, styles, compare, new Overlays([map.map], drawable, question));
  draw([]); // the table has its rows already
  choose(chosen);
  setUpDownloads(others);
  setUpPrint(map, () => compare.before);
  drawStatus(plan);
  new Live(plan, { light: lightOthers, own: () => (steps.by.readOnly ? steps.by.value : "") });
  document.body.dataset.ready = "true";
}

/** @param {Plan} plan */
function drawStatus({ onTheirWay, status }) {
  byId("status").classList.toggle("busy", onTheirWay.length > 0);
  byId("status").textContent = onTheirWay.length ? "Saving …" : `Saved, version ${status.version}`;
}

/** Whether there is an area to lock, and one to unlock. @param {Plan} plan */
function drawLocks({ areas }) {
  for (const [id, locked] of /** @type {[string, boolean][]} */ ([["lock-all", false], ["unlock-all", true]])) {
    /** @type {HTMLButtonElement} */ (byId(id)).disabled = !areas.some((area) => area.locked === locked);
  }
}

/** What this planner can undo and redo. @param {Plan} plan @param {string} by */
function drawTurns(plan, by) {
  for (const turn of /** @type {("undo" | "redo")[]} */ (["undo", "redo"])) {
    const button = /** @type {HTMLButtonElement} */ (byId(turn));
    const what = plan.turnOf(turn, by);
    const others = Object.keys(plan.status[turn]).filter((name) => name !== by).join(", ");
    button.disabled = !what;
    const [title, none] = turn === "undo" ? ["Undo your last step", `Nothing to undo${others ? `: all steps are by ${others}` : ""}`] : ["Redo", "Nothing to redo"];
    button.title = what ? `${title}: ${what}` : none;
  }
}
