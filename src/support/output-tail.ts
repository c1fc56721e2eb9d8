import type { Redactor } from "./redaction.ts";

/** The end of a container's output. */
export interface OutputTail {
  readonly text: string;
  /** Whether something before `text` is missing: it may begin in the middle of a line, and of a secret. */
  readonly isCut: boolean;
  /** Lines that were counted, those before `text` included. */
  readonly lineCount: number;
  /** Whether those are all that the container has written. */
  readonly isCountComplete: boolean;
}

export const NO_OUTPUT: OutputTail = { text: "", isCut: false, lineCount: 0, isCountComplete: true };

export const MAX_SHOWN_LINES = 100;
/** Characters of a line; of a longer one both ends are shown. */
const MAX_LINE = 1_000;
/**
 * Characters behind a cut, or a quarter of them all, that are looked at and not shown: they may be the rest of
 * a secret that nobody would recognise.
 */
const EDGE = 4 * 1024;

const isLowSurrogate = (unit: number): boolean => unit >= 0xdc00 && unit <= 0xdfff;

/** The place nearest to `at`, and not before it, where no character is halved. */
function wholeCharacter(text: string, at: number): number {
  return isLowSurrogate(text.charCodeAt(at)) ? at + 1 : at;
}

function shortLine(line: string): string {
  if (line.length <= MAX_LINE) return line;
  const head = wholeCharacter(line, MAX_LINE / 2);
  const tail = wholeCharacter(line, line.length - MAX_LINE / 2);
  return `${line.slice(0, head)}… (${tail - head} characters left out) …${line.slice(tail)}`;
}

function endOfLine(line: string): string {
  return `(start of the line left out) …${line.slice(wholeCharacter(line, Math.max(0, line.length - MAX_LINE / 2)))}`;
}

/** The lines of a cut output that may be shown; the first one only by its end, and only where it is the only one. */
function linesBehindCut(text: string, redact: Redactor): readonly string[] {
  const edge = wholeCharacter(text, Math.min(EDGE, Math.floor(text.length / 4)));
  // The redactor reads over the line break and leaves it where it is.
  const redacted = redact(`${text.slice(0, edge)}\n${text.slice(edge)}`);
  const behind = redacted.split("\n").slice(text.slice(0, edge).split("\n").length);
  const [first = "", ...whole] = withoutLastBreak(behind);
  return whole.length === 0 ? [endOfLine(first)] : whole.map(shortLine);
}

function withoutLastBreak(lines: readonly string[]): readonly string[] {
  return lines.length > 1 && lines.at(-1) === "" ? lines.slice(0, -1) : lines;
}

/**
 * What is shown of an output: its last lines, at most `MAX_SHOWN_LINES`, without secrets. It is redacted as one text, so
 * that a secret over several lines is found, and cut afterwards, so that none is shown by half. What is left out is said.
 */
export function shownLines(tail: OutputTail, redact: Redactor): readonly string[] {
  if (tail.text === "") return [];
  const text = tail.text.replaceAll("\r\n", "\n");
  const lines = tail.isCut
    ? linesBehindCut(text, redact)
    : withoutLastBreak(redact(text).split("\n")).map((line) => shortLine(line));
  const shown = lines.slice(-MAX_SHOWN_LINES);
  const leftOut = tail.lineCount - shown.length;
  if (leftOut <= 0) return shown;
  const count = `${tail.isCountComplete ? "" : "at least "}${leftOut} earlier ${leftOut === 1 ? "line" : "lines"}`;
  return [`(${count} left out)`, ...shown];
}
