/** How a check has ended; `skip`: it could not be made, and another line says why. */
export type Status = "ok" | "warn" | "fail" | "skip";

/** What one check has found, for one line. */
export interface Finding {
  /** The name of the check, one word. */
  readonly check: string;
  readonly status: Status;
  readonly said: string;
  /** What to do about it, where something is to be done. */
  readonly mend?: string;
}

export const ok = (check: string, said: string): Finding => ({ check, status: "ok", said });
export const skip = (check: string, said: string): Finding => ({ check, status: "skip", said });
export const warn = (check: string, said: string, mend?: string): Finding => withMend(check, "warn", said, mend);
export const fail = (check: string, said: string, mend?: string): Finding => withMend(check, "fail", said, mend);

/** What a server was quoted with, or the code of an error, behind the rest of a line. */
const EVIDENCE = /(?: \([A-Z][A-Z0-9_]+\)| \(it says ".*"\))$/;

/** A line of another room, `WHY; WHAT TO DO`, as a finding. The evidence behind it belongs to the why. */
export function fromReason(check: string, status: "warn" | "fail", reason: string): Finding {
  const evidence = EVIDENCE.exec(reason)?.[0] ?? "";
  const line = reason.slice(0, reason.length - evidence.length);
  const at = line.indexOf("; ");
  if (at < 0) return { check, status, said: reason };
  return { check, status, said: line.slice(0, at) + evidence, mend: line.slice(at + 2) };
}

function withMend(check: string, status: Status, said: string, mend: string | undefined): Finding {
  return { check, status, said, ...(mend === undefined ? {} : { mend }) };
}
