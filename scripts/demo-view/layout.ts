/** One thing that happened: on Oz's side, or on the worker's. */
export interface Row {
  readonly side: "oz" | "worker";
  /** Milliseconds since the start. */
  readonly atMs: number;
  /** Who says it, on the worker's side: the worker, Docker or the agent. */
  readonly source: string;
  readonly text: string;
}

/** Below this width two columns would be two piles of single words: the sides share one. */
export const MIN_COLUMNS_WIDTH = 90;

const GAP = " │ ";
const SOURCE_WIDTH = 7;

/** Widths of the parts of a line. */
function widths(width: number) {
  const time = 8;
  const oz = Math.floor((width - time - GAP.length) * 0.4);
  return { time, oz, worker: width - time - oz - GAP.length };
}

/** The lines of one row: side by side where the width allows it, else with the side's name in front. */
export function layoutRow(row: Row, width: number): readonly string[] {
  const time = `${(row.atMs / 1000).toFixed(2)}s`.padStart(7);
  if (width < MIN_COLUMNS_WIDTH) {
    const label = (row.side === "oz" ? "oz" : row.source).padEnd(SOURCE_WIDTH);
    const indent = " ".repeat(time.length + SOURCE_WIDTH + 2);
    return wrap(row.text, width - indent.length).map((line, index) =>
      index === 0 ? `${time} ${label} ${line}` : `${indent}${line}`,
    );
  }
  const { time: timeWidth, oz } = widths(width);
  const { worker } = widths(width);
  const first = time.padEnd(timeWidth);
  const rest = " ".repeat(timeWidth);
  if (row.side === "oz") {
    return wrap(row.text, oz).map((line, index) => `${index === 0 ? first : rest}${line.padEnd(oz)}${GAP}`.trimEnd());
  }
  return wrap(row.text, worker - SOURCE_WIDTH - 1).map((line, index) => {
    const source = (index === 0 ? row.source : "").padEnd(SOURCE_WIDTH);
    return `${index === 0 ? first : rest}${" ".repeat(oz)}${GAP}${source} ${line}`;
  });
}

/** The names above the columns; nothing where there are none. */
export function layoutHead(width: number): readonly string[] {
  if (width < MIN_COLUMNS_WIDTH) return [];
  const { time, oz, worker } = widths(width);
  return [
    `${" ".repeat(time)}${"OZ (a local stand-in)".padEnd(oz)}${GAP}WORKER, DOCKER, AGENT`,
    `${" ".repeat(time)}${"─".repeat(oz)}─┼─${"─".repeat(worker)}`,
  ];
}

/** Breaks text at spaces; later lines are indented. A word longer than a line is cut. */
export function wrap(text: string, width: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(" ")) {
    let rest = word;
    const room = () => width - line.length - (line === "" ? 0 : 1);
    if (line.trim() !== "" && rest.length > room()) {
      lines.push(line);
      line = " ";
    }
    while (rest.length > room()) {
      const cut = Math.max(1, room());
      lines.push(line === "" ? rest.slice(0, cut) : `${line} ${rest.slice(0, cut)}`);
      rest = rest.slice(cut);
      line = " ";
    }
    line = line === "" ? rest : `${line} ${rest}`;
  }
  return [...lines, line];
}
