// The desk of a plan: puts the map, the table and the panels together around one plan.
// @ts-check

import { drawChosen } from "./chosen.js";
import { Compare } from "./compare.js";
import { Cursor } from "./cursor.js";
import { byId, make } from "./dom.js";
import { setUpKeys } from "./keys.js";
import { labelOf, Looks } from "./looks.js";
import { BlockMap } from "./map.js";
import { offered, Overlays } from "./overlays.js";
import { Panels } from "./panels.js";
import { Plan } from "./plan.js";
import { setUpPrint } from "./print.js";
import { Selection } from "./selection.js";
import { planAddress, read, Refusal } from "./service.js";
import { setUpStrokes } from "./strokes.js";
import { AreaTable } from "./table.js";
import { arcsOf, blocksOf, boxOf, Finder, middleOf, neighboursOf } from "./topology.js";
import { count, figure, title, variance } from "./words.js";

/** @typedef {import("./types.js").Step} Step */
/** @typedef {import("./types.js").PlanState} PlanState */

const AUTHOR = "patchmap-author";
const { plan: planId = "", layers = "[]", question = "", tiles = "", credit = "" } = document.body.dataset;
const reason = /** @type {HTMLInputElement} */ (byId("reason"));
const by = /** @type {HTMLInputElement} */ (byId("by"));
const into = /** @type {HTMLSelectElement} */ (byId("into"));
const asked = question ? `?${question}` : "";

/** What the address says of the page, kept up to date so that it can be shared. */
const address = new URLSearchParams(location.search);

open().catch((error) => {
  byId("status").textContent = "Cannot be opened";
  say(`${error.message}.`);
  if (!(error instanceof Refusal)) throw error;
});

async function open() {
  by.value = localStorage.getItem(AUTHOR) || by.value;
  by.addEventListener("change", () => localStorage.setItem(AUTHOR, by.value));
  const state = /** @type {PlanState} */ (await read(planAddress(planId, asked)));
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
  let chosen = plan.area(address.get("area") ?? "")?.code ?? plan.areas[0]?.code ?? "";
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
  }), (before) => {
    overlays.maps.push(before.map);
    drawOver();
  });

  const table = new AreaTable(byId("areas"), plan, {
    colour: looks.colour, chosen: () => chosen, choose,
    point: (code) => map.mark(code ? plan.blocksOf(code) : selection.blocks),
  });
  const panels = new Panels(byId("panels"), plan, {
    zoom: (some) => {
      map.zoomTo(some);
      map.mark(some);
      byId("map").scrollIntoView({ block: "nearest" });
    },
    light: (some) => map.mark(some.length ? some : selection.blocks),
    unbridge: (name) => take({ step: "unbridge", name }),
  });
  const selection = new Selection(byId("selection"), plan, {
    into: () => chosen, move, take: (step) => take(step), mark: (some) => map.mark(some),
  });

  // The pointer and the keys.
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
    end: () => tool === "paint" && paint(stroke),
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
  setUpKeys(byId("map"), {
    paint: () => cursor.block !== -1 && move([cursor.block], chosen),
    collect: () => cursor.block !== -1 && selection.set(cursor.block, !selection.blocks.has(cursor.block)),
    pick: () => cursor.block !== -1 && choose(shown(cursor.block)),
    number: (at) => plan.areas[at] && choose(plan.areas[at].code),
    next: (by_) => {
      const codes = plan.areas.map((area) => area.code);
      choose(codes[(codes.indexOf(chosen) + by_ + codes.length) % codes.length] ?? "");
    },
    undo: () => take({ step: "undo" }),
    redo: () => take({ step: "redo" }),
    lock: () => plan.area(chosen) && take({ step: plan.area(chosen)?.locked ? "unlock" : "lock", area: chosen }),
    tool: (name) => useTool(name),
    zoom: (by_) => map.map.setZoom(map.map.getZoom() + by_, { animate: false }),
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
    byId("into-swatch").style.background = looks.colour(chosen);
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

  // Steps.
  /** @param {Map<number, string>} moved */
  function paint(moved) {
    const open_ = [...moved.keys()].filter((block) => !plan.area(shown(block))?.locked);
    const held = moved.size - open_.length;
    if (!moved.size) return;
    if (held && open_.length) {
      map.shade(moved.keys());
      say(`${count(held, "block")} of locked areas stayed where ${held === 1 ? "it is" : "they are"}.`);
    }
    move(open_.length ? open_ : [...moved.keys()], chosen);
  }

  /** @param {number[]} some @param {string} to @param {boolean} [force] */
  function move(some, to, force = false) {
    const moved = new Map(some.filter((block) => shown(block) !== to).map((block) => [block, to]));
    if (!moved.size) return;
    take({ step: "move", blocks: [...moved.keys()].map((block) => plan.codes[block]), to }, { moved, force });
  }

  /** @param {Step} step @param {{moved?: Map<number, string>, force?: boolean}} [how] */
  async function take(step, { moved = new Map(), force = false } = {}) {
    if (!by.value.trim()) {
      say("Say who takes the step: the field “By” is empty.");
      map.shade(moved.keys());
      return by.focus();
    }
    hush();
    try {
      await plan.step(step, { by: by.value, reason: reason.value, force, moved });
    } catch (error) {
      refused(/** @type {Refusal} */ (error), step, moved);
    }
  }

  /** @param {Refusal} refusal @param {Step} step @param {Map<number, string>} moved */
  function refused({ message, problem }, step, moved) {
    map.drawLines();
    drawnChosen = "";
    drawChosenArea();
    if (problem.conflict === "version") return say(`${message}.`, ["Load it again", () => location.reload(), true]);
    if (problem.conflict !== "pieces") return say(`${message[0].toUpperCase()}${message.slice(1)}.`);
    const pieces = (problem.pieces ?? []).map((piece) => piece.flatMap((code) => plan.places.get(code) ?? []));
    say(`${message}.`,
      ["Do it all the same", () => take(step, { moved, force: true }), true],
      ["Show the pieces", () => {
        map.zoomTo(pieces.flat());
        map.mark(pieces.slice(1).flat());
      }],
      ["Leave it", () => map.mark(selection.blocks)]);
  }

  plan.addEventListener("blocks", (event) => {
    map.shade(/** @type {CustomEvent} */ (event).detail);
    map.drawLines();
  });
  plan.addEventListener("busy", (event) => {
    const n = /** @type {CustomEvent} */ (event).detail;
    const status = byId("status");
    status.classList.toggle("busy", n > 0);
    status.textContent = n ? "Saving …" : `Saved, version ${plan.standing.version}`;
  });
  plan.addEventListener("changed", (event) => draw(/** @type {CustomEvent} */ (event).detail));

  /** Show the plan as it stands. @param {string[]} changed the areas whose row is another */
  function draw(changed) {
    const { standing } = plan;
    if (!plan.area(chosen)) chosen = standing.areas[0]?.code ?? "";
    const recoloured = looks.recolour();
    table.update(recoloured ? plan.areas.map((area) => area.code) : changed);
    drawCouncil();
    drawInto();
    for (const [id, what] of /** @type {["undo" | "redo", string][]} */ ([["undo", standing.undo], ["redo", standing.redo]])) {
      const button = /** @type {HTMLButtonElement} */ (byId(id));
      button.disabled = !what;
      button.title = what ? `${id === "undo" ? "Undo" : "Redo"}: ${what}` : `Nothing to ${id}`;
    }
    panels.draw();
    drawChosenArea();
    byId("into-swatch").style.background = looks.colour(chosen);
    if (recoloured || looks.by === "variance_percent") map.shade();
    if (recoloured) compare.before?.shade();
    map.drawLines();
  }

  function drawCouncil() {
    const { council } = plan.standing;
    const parts = Object.entries(council.equality).map(([name, { average, areas, notable, extreme, review }]) =>
      make("span", {}, name === "electors" ? "Now " : "Forecast ", make("b", {}, figure(average && Math.round(average))), ` electors a member: ${notable} of ${areas} beyond ±10 %, ${extreme} beyond ±30 %`, ...(review ? [make("span", { class: "review" }, " – calls for a review")] : [])));
    byId("council").replaceChildren(`${count(plan.areas.length, "area")}, ${count(council.members, "member")}. `, ...parts);
    const worst = Object.values(plan.rows).map((row) => Number(row.variance_percent ?? 0)).reduce((a, b) => (Math.abs(b) > Math.abs(a) ? b : a), 0);
    byId("areas").title = `Furthest from the average: ${variance(worst)}`;
  }

  // Looks, overlays, comparison.
  const shade = /** @type {HTMLSelectElement} */ (byId("shade"));
  shade.replaceChildren(...looks.offered().map(([name, words]) => make("option", { value: name }, words)));
  shade.addEventListener("change", () => shadeBy(shade.value));
  /** @param {string} name */
  function shadeBy(name) {
    looks.choose(name);
    shade.value = looks.by;
    map.shade();
    compare.before?.shade();
    byId("legend").replaceChildren(...looks.legend());
    byId("legend").hidden = !byId("legend").children.length;
    remember("shade", looks.by);
  }
  const comparing = /** @type {HTMLSelectElement} */ (byId("compare"));
  comparing.addEventListener("change", () => {
    compare.show(comparing.value);
    remember("compare", compare.mode);
  });
  /** @type {import("./overlays.js").Layer[]} */
  const others = JSON.parse(layers);
  const overlays = new Overlays([map.map], others, question);
  const boxes = offered(others).map(({ id, title: words }) => {
    const box = make("input", { type: "checkbox", value: id, change: drawOver });
    box.checked = (address.get("over") ?? "").split(",").includes(id);
    byId("overlays").querySelector("fieldset")?.append(make("label", {}, box, words));
    return box;
  });
  async function drawOver() {
    const ids = boxes.filter((box) => box.checked).map((box) => box.value);
    remember("over", ids.join(","));
    try {
      byId("overlays").title = await overlays.show(ids);
    } catch (error) {
      say(`${/** @type {Error} */ (error).message}.`);
    }
  }
  document.addEventListener("pointerdown", (event) => {
    const list = /** @type {HTMLDetailsElement} */ (byId("overlays"));
    if (list.open && !list.contains(/** @type {Node} */ (event.target))) list.open = false;
  });

  /** @param {string} name */
  function useTool(name) {
    tool = name;
    const radio = document.querySelector(`input[name="tool"][value="${name}"]`);
    if (radio instanceof HTMLInputElement) radio.checked = true;
    settle();
  }
  for (const radio of document.querySelectorAll('input[name="tool"]')) {
    radio.addEventListener("change", () => useTool(/** @type {HTMLInputElement} */ (radio).value));
  }
  into.addEventListener("change", () => choose(into.value));
  byId("undo").addEventListener("click", () => take({ step: "undo" }));
  byId("redo").addEventListener("click", () => take({ step: "redo" }));
  byId("fit").addEventListener("click", () => map.fit());
  byId("befores").addEventListener("change", (event) =>
    byId("areas").classList.toggle("befores-shown", /** @type {HTMLInputElement} */ (event.target).checked));
  byId("link").addEventListener("click", async () => {
    await navigator.clipboard?.writeText(location.href).catch(() => {});
    byId("said").textContent = "The address is copied";
    byId("link").textContent = "Copied";
    setTimeout(() => (byId("link").textContent = "Copy link"), 900);
  });
  map.map.on("moveend", () => {
    const { lat, lng } = map.map.getCenter();
    remember("view", `${lat.toFixed(5)},${lng.toFixed(5)},${map.map.getZoom()}`);
  });

  // As the address says.
  const [lat, lng, zoom] = (address.get("view") ?? "").split(",").map(Number);
  if ([lat, lng, zoom].every(Number.isFinite)) map.map.setView([lat, lng], zoom, { animate: false });
  if (address.get("shade")) shadeBy(address.get("shade") ?? "");
  comparing.value = address.get("compare") ?? "";
  compare.show(comparing.value);
  drawOver();
  draw(plan.areas.map((area) => area.code));
  choose(chosen);
  setUpPrint(map, () => compare.before);
  byId("status").textContent = `Saved, version ${plan.standing.version}`;
  document.body.dataset.ready = "true";

  // Somebody else may have gone on with it meanwhile.
  document.addEventListener("visibilitychange", async () => {
    if (document.visibilityState !== "visible" || plan.onTheirWay.length) return;
    const fresh = await read(planAddress(planId, asked)).catch(() => null);
    if (fresh && fresh.standing.version !== plan.standing.version) {
      say(`This plan was changed meanwhile: it is in version ${fresh.standing.version}, and here in version ${plan.standing.version}.`, ["Load it again", () => location.reload(), true]);
    }
  });
}

/**
 * Tell something that asks for attention, with what can be done about it.
 * @param {string} words
 * @param {...[string, () => void, boolean?]} doings the last says whether it is the first choice
 */
function say(words, ...doings) {
  const box = byId("message");
  const all = doings.length ? doings : [/** @type {[string, () => void]} */ (["Close", () => {}])];
  const buttons = all.map(([name, act, first]) =>
    make("button", { type: "button", class: first ? "first" : "", click: () => {
      hush();
      act();
    } }, name));
  box.replaceChildren(make("p", {}, words), ...buttons);
  box.hidden = false;
}

function hush() {
  byId("message").hidden = true;
}

/** Keep something in the address. @param {string} name @param {string} value */
function remember(name, value) {
  if (value) address.set(name, value);
  else address.delete(name);
  history.replaceState(null, "", `?${address.toString().replaceAll("%2C", ",")}`);
}

/** @param {import("./topology.js").Block} block in square degrees, good enough to compare */
function sizeOf(block) {
  const [west, south, east, north] = boxOf(block.rings.flat(2));
  return (east - west) * (north - south) || 1e-12;
}
