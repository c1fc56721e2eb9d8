import { type Finding, ok, warn } from "./finding.ts";

/** Drivers that keep what they get where the daemon can read it. */
const READABLE = new Set(["json-file", "local", "journald"]);

export interface LogFacts {
  /** The daemon's `LoggingDriver`. */
  readonly driver: string;
  /** `cache-disabled` of its own settings; `undefined` where they cannot be seen. */
  readonly isCacheDisabled?: boolean;
}

/** Judges whether the last lines of a task that fails can be shown: the daemon must be able to read them back. */
export function judgeLogs({ driver, isCacheDisabled }: LogFacts): Finding {
  const lost = `the output of tasks that fail is lost: the daemon's log driver ${driver}`;
  const mend = "set log-driver to local or json-file in the daemon's daemon.json";
  if (driver === "none") return warn("logs", `${lost} keeps nothing`, mend);
  if (driver === "" || READABLE.has(driver)) return ok("logs", `${driver || "json-file"} can be read`);
  if (isCacheDisabled === true) {
    return warn("logs", `${lost} cannot be read, and its local cache is off`, `${mend}, or cache-disabled to false`);
  }
  // Docker 20.10 and newer keep a copy beside every driver that cannot be read.
  const unless = isCacheDisabled === undefined ? ", unless cache-disabled is set there" : "";
  return ok("logs", `${driver} is read by the daemon's local cache${unless}`);
}
