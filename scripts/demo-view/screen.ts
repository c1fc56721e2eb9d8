import { escapeUnprintable } from "../../src/support/printable.ts";
import { layoutHead, layoutRow, type Row } from "./layout.ts";

/** Where the demo shows what happens. */
export interface Screen {
  /** Something that Oz did or saw. */
  oz(text: string): void;
  /** Something on the worker's machine. */
  worker(source: "worker" | "docker" | "agent", text: string): void;
  /** Opens a scene. */
  heading(text: string): void;
  /** A line of its own, in a good or a bad colour. */
  line(text: string, mood?: "good" | "bad"): void;
  head(): void;
}

export interface ScreenOptions {
  readonly write: (line: string) => void;
  /** Characters in a line, asked again for every line. */
  readonly width: () => number;
  readonly colours: boolean;
  /** Milliseconds since the start. */
  readonly now: () => number;
  /** Left out of the columns, where it would only fill lines. */
  readonly leaveOut: string;
}

const COLOURS = { oz: 36, worker: 0, docker: 33, agent: 32, bold: 1, good: 32, bad: 31 } as const;

/** A screen that writes line by line, as things happen, and never moves back: it can be piped and scrolled. */
export function createScreen({ write, width, colours, now, leaveOut }: ScreenOptions): Screen {
  const paint = (colour: keyof typeof COLOURS, text: string) =>
    colours && COLOURS[colour] > 0 ? `\x1b[${COLOURS[colour]}m${text}\x1b[0m` : text;
  const show = (side: Row["side"], source: keyof typeof COLOURS, text: string) => {
    const row: Row = { side, atMs: now(), source, text: escapeUnprintable(text.replaceAll(leaveOut, "")) };
    for (const line of layoutRow(row, width())) write(paint(source, line));
  };
  return {
    oz: (text) => show("oz", "oz", text),
    worker: (source, text) => show("worker", source, text),
    heading: (text) => write(`\n${paint("bold", text)}`),
    line: (text, mood) => write(mood === undefined ? text : paint(mood, text)),
    head: () => {
      for (const line of layoutHead(width())) write(paint("bold", line));
    },
  };
}

/**
 * A screen on this process's stdout: as wide as the terminal, 120 characters where there is none. The columns leave out
 * the prefix `run-`.
 */
export function stdoutScreen(run: string, env: Readonly<Record<string, string | undefined>> = process.env): Screen {
  const started = performance.now();
  const isTerminal = process.stdout.isTTY === true;
  return createScreen({
    write: (line) => console.log(line),
    width: () => (isTerminal ? process.stdout.columns || 80 : Number(env.COLUMNS) || 120),
    colours: isTerminal && !env.NO_COLOR,
    now: () => performance.now() - started,
    leaveOut: `${run}-`,
  });
}
