import { type Figure, type Results, ratioOf } from "./figure.ts";
import { amount, machineLine } from "./table.ts";

const WIDTH = 900;
const LABELS_END = 330;
const BARS_END = 750;
const TOP = 74;
const ROW = 54;
const BAR = 16;
const FOOT = 44;

const STYLE = `
  text { font: 13px system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; fill: #1f2328 }
  .head { font-size: 16px; font-weight: 600 } .quiet { fill: #59636e; font-size: 12px } .ratio { font-weight: 600 }
  .paper { fill: #ffffff } .worker { fill: #0969da } .bare { fill: #afb8c1 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc } .quiet { fill: #9198a1 }
    .paper { fill: #0d1117 } .worker { fill: #4493f8 } .bare { fill: #59636e }
  }`;

/**
 * An SVG with two bars for each figure that is compared with something: the worker's and the bare one's, each pair to a
 * scale of its own, since milliseconds and seconds share the picture. It follows the reader's light or dark scheme.
 */
export function chartOf(results: Results): string {
  const pairs = results.figures.flatMap((figure) => {
    const ratio = ratioOf(figure);
    return figure.bare === undefined || ratio === undefined ? [] : [{ figure, bare: figure.bare, ratio }];
  });
  const height = TOP + pairs.length * ROW + FOOT;
  const title = "oz-agent-worker beside the bare Docker API";
  const rows = pairs.map(({ figure, bare, ratio }, index) => pairOf(figure, bare, ratio, TOP + index * ROW));
  const foot = `${results.date}; ${machineLine(results.machine)}; medians`;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${title}</title>`,
    `<style>${STYLE}\n</style>`,
    `<rect class="paper" width="${WIDTH}" height="${height}" rx="6"/>`,
    text(20, 30, title, "head"),
    legend(),
    ...rows,
    text(20, height - 16, foot, "quiet"),
    "</svg>",
    "",
  ].join("\n");
}

function legend(): string {
  return [
    `<rect class="worker" x="20" y="44" width="12" height="12" rx="2"/>`,
    text(38, 55, "the worker, from assignment to result", "quiet"),
    `<rect class="bare" x="290" y="44" width="12" height="12" rx="2"/>`,
    text(308, 55, "the same by bare calls; shorter is faster, each pair has its own scale", "quiet"),
  ].join("\n");
}

function pairOf(figure: Figure, bare: NonNullable<Figure["bare"]>, ratio: number, top: number): string {
  const scale = (BARS_END - LABELS_END) / Math.max(figure.worker, bare.value);
  const bar = (kind: "worker" | "bare", value: number, y: number) => {
    const width = Math.max(1, value * scale);
    return [
      `<rect class="${kind}" x="${LABELS_END}" y="${y}" width="${width.toFixed(1)}" height="${BAR}" rx="2"/>`,
      text(LABELS_END + width + 6, y + 13, amount(value, figure.unit), "quiet"),
    ].join("\n");
  };
  return [
    text(20, top + 18, figure.title),
    text(20, top + 34, `against ${bare.what}`, "quiet"),
    bar("worker", figure.worker, top + 4),
    bar("bare", bare.value, top + 4 + BAR + 2),
    text(WIDTH - 20, top + 26, `${ratio.toFixed(2)} ×`, "ratio", "end"),
  ].join("\n");
}

function text(x: number, y: number, content: string, kind = "", anchor: "start" | "end" = "start"): string {
  const attributes = `${kind === "" ? "" : ` class="${kind}"`}${anchor === "end" ? ' text-anchor="end"' : ""}`;
  return `<text x="${x.toFixed(1)}" y="${y}"${attributes}>${escaped(content)}</text>`;
}

function escaped(content: string): string {
  return content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
