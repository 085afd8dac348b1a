/** The chart of the website and of the extension. */

import { make } from "./dom.ts";
import type { Frame } from "./draw.ts";
import { bandOf, countOutliers, draw, isOnAxis } from "./draw.ts";
import { makeFormat } from "./format.ts";
import type { History, Series, State } from "./history.ts";
import { isSeen, prepare, stretchAt, within } from "./history.ts";
import { listen } from "./pointing.ts";
import type { Range, Window } from "./ranges.ts";
import { clampWindow, defaultRange, isAvailable, RANGE_NAMES, windowOf } from "./ranges.ts";
import { statistics } from "./statistics.ts";
import { offerName, summarize } from "./summary.ts";
import type { Proof } from "./table.ts";
import { dataTable, proofLink } from "./table.ts";
import type { Words } from "./words.ts";
import { ENGLISH, fill } from "./words.ts";

export interface ChartOptions {
  /** The reader's target in minor units, drawn as a line. */
  target?: number | null;
  /** What the chart says; English if left out. */
  words?: Words;
  /** BCP 47 tags for numbers and dates; the browser's if left out. */
  locales?: readonly string[];
  /** What shows first; a year, or all of a shorter history, if left out. */
  range?: Range;
  /** Where proofs are; without it nothing links to them. */
  proof?: Proof;
  /** Now, in ms; for tests. */
  now?: number;
}

export interface Chart {
  /** Draw newer answers; range and zoom stay. */
  update(data: readonly History[], now?: number): void;
  setTarget(target: number | null): void;
  destroy(): void;
}

/** Put a chart of one or more offers (the first is the main one) into `root`, in place of what is there. */
export function mountChart(root: HTMLElement, data: readonly History[], options: ChartOptions = {}): Chart {
  const words = options.words ?? ENGLISH;
  const locales = options.locales ?? navigator.languages;
  let now = options.now ?? Date.now();
  let all: Series[] = data.map((answer) => prepare(answer, now));
  let target = options.target ?? null;
  let fromZero = false;
  let withOutliers = false;
  let lead = 0;
  let held = false;
  let pointed: number | null = null;
  const hidden = new Set<string>();
  const first = (): number => Math.min(...all.map((one) => one.stretches[0]?.start ?? now), now);
  let range: Range = options.range && isAvailable(options.range, first(), now) ? options.range : defaultRange(first(), now);
  let zoomed: Window | null = null;
  const format = makeFormat(data[0]?.currency ?? "USD", locales);

  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("aria-hidden", "true");
  const cursor = make("div", { class: "pw-cursor", hidden: "" });
  const selection = make("div", { class: "pw-selection", hidden: "" });
  const tip = make("div", { class: "pw-tip", hidden: "" });
  const plot = make(
    "div",
    { class: "pw-plot", tabindex: "0", role: "application", "aria-label": `${words.chart}. ${words.keys}` },
    svg, selection, cursor, tip,
  );
  const spoken = make("p", { class: "pw-spoken", "aria-live": "polite" });
  const ranges = make("div", { class: "pw-ranges", role: "group", "aria-label": words.ranges });
  const reset = make("button", { type: "button", class: "pw-reset", hidden: "" }, words.resetZoom);
  const zero = make("input", { type: "checkbox" });
  const outliers = make("input", { type: "checkbox" });
  const farOff = make("label", { class: "pw-zero", hidden: "" }, outliers, words.outliers);
  const offers = make("div", { class: "pw-offers" });
  const summary = make("p", { class: "pw-summary" });
  const legend = make("ul", { class: "pw-legend" });
  const caption = make("p", { class: "pw-caption" });
  const figures = make("div", { class: "pw-scroll", tabindex: "0", role: "region", "aria-label": words.table });
  const details = make("details", { class: "pw-table" }, make("summary", {}, words.table), figures);
  const controls = make("div", { class: "pw-controls" }, ranges, reset, make("label", { class: "pw-zero" }, zero, words.fromZero), farOff);
  root.classList.add("pw-chart");
  root.replaceChildren(controls, offers, plot, spoken, summary, legend, caption, details);

  let frame: Frame | null = null;
  const shown = (): Series[] => all.filter((one) => !hidden.has(one.offer));
  const view = (): Window => zoomed ?? windowOf(range, first(), now);

  function render(): void {
    const width = plot.clientWidth;
    const height = plot.clientHeight;
    if (width < 40 || height < 40) return;
    const series = shown();
    const window = view();
    frame = draw(svg, {
      width, height, window, series, styles: series.map((one) => all.indexOf(one)), target, fromZero, withOutliers, format, words,
    });
    const main = series[0];
    summary.textContent = main ? summarize(main, window.start, window.end, words, format) : words["summary.empty"];
    explain(series, window);
    reset.hidden = zoomed === null;
    farOff.hidden = countOutliers(series, window) === 0;
    if (details.open) figures.replaceChildren(dataTable(series, window, words, format, options.proof));
  }

  function explain(series: readonly Series[], window: Window): void {
    // What is thinner than a pixel is not explained: a look of just now leaves such a rest behind it.
    const pixel = (window.end - window.start) / Math.max(plot.clientWidth, 1);
    const stretches = series.flatMap((one) => within(one, window.start, window.end));
    const states = new Set<State>(stretches.filter((s) => s.state !== "unconfirmed" || s.end - s.start > pixel).map((s) => s.state));
    const said: [string, string][] = [];
    for (const state of ["unverified", "noOffer", "notObserved", "unconfirmed"] as const) {
      if (states.has(state)) said.push([state, words[`legend.${state}`]]);
    }
    const main = series[0];
    if (main && bandOf(statistics(main, window.start, window.end)) !== null) said.push(["typical", words["legend.typical"]]);
    if (target !== null && frame && isOnAxis(target, frame)) said.push(["target", words["legend.target"]]);
    const count = withOutliers ? 0 : countOutliers(series, window);
    if (count > 0) said.push(["outliers", fill(words["legend.outliers"], { count: String(count) })]);
    legend.replaceChildren(...said.map(([name, text]) => make("li", { class: `pw-key pw-key-${name}` }, text)));
    caption.textContent = fill(words.caption, { currency: main?.currency ?? "", date: format.day(main?.first ?? first()) });
  }

  function choices(): void {
    ranges.replaceChildren(
      ...RANGE_NAMES.map((name) => {
        const pressed = name === range && zoomed === null;
        const button = make("button", { type: "button", "aria-pressed": String(pressed) }, words[`range.${name}`]);
        button.disabled = !isAvailable(name, first(), now);
        if (button.disabled) button.title = words.tooShort;
        button.addEventListener("click", () => {
          range = name;
          zoomed = null;
          for (const other of ranges.children) other.setAttribute("aria-pressed", String(other === button));
          render();
        });
        return button;
      }),
    );
    offers.hidden = all.length < 2;
    offers.replaceChildren(
      ...all.map((one, i) => {
        const box = make("input", { type: "checkbox" });
        box.checked = !hidden.has(one.offer);
        box.addEventListener("change", () => {
          lead = 0;
          if (box.checked) hidden.delete(one.offer);
          else hidden.add(one.offer);
          render();
        });
        return make("label", { class: `pw-offer pw-key pw-key-s${i}` }, box, offerName(one.offer, words));
      }),
    );
  }

  function point(at: number | null): void {
    const series = shown();
    const found = at === null ? [] : series.map((one) => stretchAt(one, at));
    const by = found[lead] ? lead : found.findIndex((stretch) => stretch !== null);
    const main = found[by];
    pointed = at;
    tip.hidden = cursor.hidden = at === null || !main || !frame;
    if (at === null || !main || !frame) return;
    const lines = series.flatMap((one, i) => {
      const stretch = found[i];
      if (!stretch) return [];
      const hasPrice = stretch.price !== null && (isSeen(stretch.state) || stretch.state === "unconfirmed");
      const text = hasPrice ? format.price(stretch.price ?? 0) : words[`state.${stretch.state}`];
      const isDoubtful = stretch.state === "unconfirmed" || stretch.state === "unverified";
      const state = isDoubtful ? ` (${words[`state.${stretch.state}`]})` : "";
      return [[`${offerName(one.offer, words)}${state}`, text] as const];
    });
    const lasted = fill(words.held, { start: format.moment(main.start), end: format.moment(main.end) });
    const offer = series[by]?.offer ?? "";
    const isProven = held && options.proof && main.state !== "notObserved" && main.state !== "unconfirmed";
    tip.replaceChildren(
      make("p", { class: "pw-held" }, series.length > 1 ? `${offerName(offer, words)}: ${lasted}` : lasted),
      ...lines.map(([name, text]) => make("p", {}, make("span", {}, name), make("strong", {}, text))),
      ...(isProven && options.proof ? [make("p", {}, proofLink(options.proof, offer, main.start, words, format))] : []),
    );
    spoken.textContent = `${lines.map((line) => line.join(" ")).join(", ")}, ${series.length > 1 ? `${offerName(offer, words)}: ` : ""}${lasted}`;
    const x = Math.min(Math.max(frame.x(at), frame.left), frame.right);
    cursor.style.left = `${x}px`;
    const room = plot.clientWidth - tip.offsetWidth - 4;
    tip.style.left = `${Math.max(Math.min(x + 10 > room ? x - tip.offsetWidth - 10 : x + 10, room), 4)}px`;
  }

  listen(plot, {
    frame: () => frame ?? { left: 0, right: 1, top: 0, bottom: 1, x: () => 0, y: () => 0, at: () => now },
    window: view,
    main: () => shown()[Math.min(lead, shown().length - 1)],
    point,
    hold: (pinned) => {
      held = pinned;
      point(pointed);
    },
    turn: (by) => {
      lead = (Math.min(lead, shown().length - 1) + by + shown().length) % Math.max(shown().length, 1);
    },
    select: (span) => {
      selection.hidden = span === null;
      if (!span) return;
      selection.style.left = `${span[0]}px`;
      selection.style.width = `${span[1] - span[0]}px`;
    },
    zoom: (asked) => {
      zoomed = clampWindow(asked, windowOf("all", first(), now));
      for (const button of ranges.children) button.setAttribute("aria-pressed", "false");
      render();
    },
  });
  reset.addEventListener("click", () => {
    zoomed = null;
    choices();
    render();
    plot.focus();
  });
  zero.addEventListener("change", () => {
    fromZero = zero.checked;
    render();
  });
  outliers.addEventListener("change", () => {
    withOutliers = outliers.checked;
    render();
  });
  details.addEventListener("toggle", render);
  const sizes = new ResizeObserver(render);
  sizes.observe(plot);
  choices();
  render();

  return {
    update(newer, at = Date.now()) {
      now = at;
      all = newer.map((answer) => prepare(answer, now));
      choices();
      render();
    },
    setTarget(asked) {
      target = asked;
      render();
    },
    destroy() {
      sizes.disconnect();
      root.replaceChildren();
    },
  };
}
