import { type Figure, type Machine, ratioOf, verdictOf } from "./figure.ts";

const HEAD = ["", "worker", "bare", "ratio", "must hold", "goal", "", "spread"];

/** The figures as lines of text in columns. */
export function tableOf(figures: readonly Figure[]): readonly string[] {
  const rows = [HEAD, ...figures.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const lines = rows.map((row) =>
    row
      .map((cell, column) =>
        column === 0 || column === 6 ? cell.padEnd(widths[column] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join("  ")
      .trimEnd(),
  );
  const notes = figures.flatMap(({ title, bare, note }) => {
    const parts = [bare === undefined ? "" : `against ${bare.what}`, note ?? ""].filter((part) => part !== "");
    return parts.length === 0 ? [] : [`  ${title}: ${parts.join("; ")}`];
  });
  return [...lines, "", ...notes];
}

/** `4 CPUs (model), 16 GiB, Docker 20.10.24 (API 1.41)`. */
export function machineLine(machine: Machine): string {
  const { cpus, cpuModel, memoryGib, engineVersion, apiVersion } = machine;
  return `${cpus} CPUs (${cpuModel}), ${memoryGib} GiB, Docker ${engineVersion} (API ${apiVersion})`;
}

/** `412 ms`, `38.2 MiB`: three digits that mean something. */
export function amount(value: number, unit: Figure["unit"]): string {
  return `${value < 99.95 ? value.toFixed(1) : Math.round(value)} ${unit}`;
}

function cellsOf(figure: Figure): string[] {
  const ratio = ratioOf(figure);
  const limit = (value: number | undefined) =>
    value === undefined ? "" : ratio === undefined ? amount(value, figure.unit) : value.toFixed(2);
  return [
    figure.title,
    amount(figure.worker, figure.unit),
    figure.bare === undefined ? "" : amount(figure.bare.value, figure.unit),
    ratio === undefined ? "" : ratio.toFixed(2),
    limit(figure.limit?.mustHold),
    limit(figure.limit?.goal),
    verdictOf(figure),
    figure.spread === undefined ? "" : `${Math.round(figure.spread * 100)} %`,
  ];
}
