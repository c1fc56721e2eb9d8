/** Columns of text, each as wide as its widest cell; the last one may be cut at `columns`. */
export function table(headings: readonly string[], rows: readonly (readonly string[])[], columns?: number): string {
  const all = [headings, ...rows];
  const widths = headings.map((_, index) => Math.max(...all.map((row) => row[index]?.length ?? 0)));
  return all
    .map((row) => {
      const line = row
        .map((cell, index) => (index === row.length - 1 ? cell : cell.padEnd(widths[index] ?? 0)))
        .join("  ")
        .trimEnd();
      return columns !== undefined && line.length > columns ? `${line.slice(0, Math.max(1, columns - 1))}…` : line;
    })
    .map((line) => `${line}\n`)
    .join("");
}

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB"] as const;

/** Bytes for people: `1.5 GiB`. */
export function shownBytes(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value >= 10 || unit === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[unit]}`;
}

/** A text for a cell of at most so many characters. */
export function cell(text: string | undefined, max: number): string {
  if (text === undefined || text === "") return "-";
  return text.length > max ? `${text.slice(0, max - 1)}…` : text;
}
