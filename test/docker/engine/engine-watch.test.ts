import { describe, expect, test } from "bun:test";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createEngineWatch, persist, type Renewal } from "../../../src/docker/engine/engine-watch.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordedLog } from "../../support/recorded-log.ts";

const AWAY = new EngineError("unreachable", "GET /_ping: ECONNREFUSED");
const TOO_OLD = new EngineError("version", "GET /_ping: client version 1.41 is too old");

/** A watch of an engine whose pings succeed or fail as a test says, and which is found to be what a test says. */
function watched() {
  const engine = { answers: true, refuses: false, pings: 0, found: { kind: "usable", isOther: false } as Renewal };
  const unused = () => Promise.reject(new Error("only pings are expected"));
  const fake: Engine = {
    call: unused,
    open: unused,
    run: async () => {
      engine.pings += 1;
      if (!engine.answers) throw AWAY;
      if (engine.refuses) throw TOO_OLD;
    },
  };
  const clock = new ManualClock();
  const log = recordedLog();
  const problems: string[] = [];
  const watch = createEngineWatch(fake, clock, log, {
    renew: async () => {
      if (engine.found.kind === "usable" && engine.found.isOther) engine.refuses = false;
      return engine.found;
    },
    giveUp: (problem) => problems.push(problem),
  });
  let backs = 0;
  watch.onBack(() => {
    backs += 1;
  });
  const later = async (ms: number) => {
    clock.advance(ms);
    await Bun.sleep(0);
  };
  return { engine, clock, log, watch, later, problems, backs: () => backs };
}

describe("a daemon", () => {
  test("that was not to blame for a failed call is not called away, and nothing is said", async () => {
    const { watch, log, later } = watched();
    watch.note(AWAY);
    await later(0);
    expect(watch.away()).toBeUndefined();
    expect(log.lines).toEqual([]);
  });

  test("that does not answer is away until it does: said once each, with those told who wait", async () => {
    const { engine, watch, log, later, backs } = watched();
    engine.answers = false;
    watch.note(AWAY);
    watch.note(AWAY);
    const waiting = watch.untilBack();
    await later(0);
    await later(1_000);
    await later(1_000);
    expect(watch.away()).toContain("ECONNREFUSED");
    expect(log.messages("warn")).toHaveLength(1);
    engine.answers = true;
    await later(1_000);
    await waiting;
    expect(watch.away()).toBeUndefined();
    expect(backs()).toBe(1);
    expect(log.messages("info")).toEqual(["the Docker daemon answers again"]);
  });

  test("that is another one by now is forgotten, though nobody has seen it away", async () => {
    const { engine, watch, later, backs } = watched();
    watch.note(AWAY);
    await later(0);
    expect(backs()).toBe(0);
    watch.noteEnd();
    await later(0);
    expect(backs()).toBe(1);
    engine.refuses = true;
    engine.found = { kind: "usable", isOther: true };
    watch.note(TOO_OLD);
    const waiting = watch.untilBack();
    await later(0);
    await waiting;
    expect(watch.away()).toBeUndefined();
    expect(backs()).toBe(2);
  });

  test("that answers and does not say what it is stays away", async () => {
    const { engine, watch, later } = watched();
    engine.found = { kind: "away" };
    watch.note(AWAY);
    await later(0);
    expect(watch.away()).toContain("ECONNREFUSED");
    engine.found = { kind: "usable", isOther: false };
    await later(1_000);
    expect(watch.away()).toBeUndefined();
  });

  test.each<[string, Renewal]>([
    ["cannot be used", { kind: "unusable", problem: "it speaks Klingon" }],
    ["refuses the version that it has just offered", { kind: "usable", isOther: false }],
  ])("that %s is given up after ten seconds, not before, and said once", async (_, found) => {
    const { engine, watch, log, later, problems } = watched();
    engine.found = found;
    engine.refuses = true;
    watch.note(TOO_OLD);
    for (let second = 0; second < 10; second += 1) await later(second === 0 ? 0 : 1_000);
    expect(watch.away()).toMatch(/Klingon|1\.41 is too old/);
    expect(problems).toEqual([]);
    expect(log.messages("warn")).toHaveLength(1);
    await later(1_000);
    expect(problems[0]).toMatch(/Klingon|1\.41 is too old/);
    watch.stop();
  });

  test("that could not be used for a while, and goes away or can be used then, is given its ten seconds anew", async () => {
    const { engine, watch, later, problems, backs } = watched();
    const unusable = { kind: "unusable", problem: "it speaks Klingon" } as const;
    engine.found = unusable;
    watch.note(AWAY);
    for (let second = 0; second < 9; second += 1) await later(second === 0 ? 0 : 1_000);
    engine.answers = false;
    await later(1_000);
    engine.answers = true;
    for (let second = 0; second < 9; second += 1) await later(1_000);
    expect(problems).toEqual([]);
    engine.found = { kind: "usable", isOther: false };
    await later(1_000);
    expect([watch.away(), backs()]).toEqual([undefined, 1]);
    watch.stop();
  });

  test("is asked only when a call has failed, and by nobody after the end", async () => {
    const { engine, clock, watch, later } = watched();
    watch.note(new EngineError("status", "no such container", 404));
    watch.note(new Error("else"));
    await later(10_000);
    expect(engine.pings).toBe(0);
    engine.answers = false;
    watch.note(AWAY);
    await later(0);
    watch.stop();
    expect(clock.pending()).toEqual([]);
  });

  test("who waits for it may leave", async () => {
    const { engine, watch, later } = watched();
    engine.answers = false;
    watch.note(AWAY);
    await later(0);
    const abort = new AbortController();
    const waiting = watch.untilBack(abort.signal);
    abort.abort("why");
    expect(await waiting.catch((reason: unknown) => reason)).toBe("why");
    watch.stop();
  });
});

describe("what must be done in spite of a daemon that goes away", () => {
  const failing = (times: number, error: Error) => {
    let calls = 0;
    return async () => {
      calls += 1;
      if (calls <= times) throw error;
      return calls;
    };
  };

  test("is done again", async () => {
    const { watch, later } = watched();
    const done = persist(watch, undefined, failing(1, AWAY));
    await later(0);
    await later(200);
    expect(await done).toBe(2);
  });
  test("is not done again where the daemon has answered", async () => {
    const refused = new EngineError("status", "no space left", 500);
    await expect(persist(watched().watch, undefined, failing(1, refused))).rejects.toBe(refused);
  });
  test("is not done for ever", async () => {
    const { watch, later } = watched();
    const ended = persist(watch, undefined, failing(9, AWAY), 2).catch((reason: unknown) => reason);
    await later(0);
    await later(200);
    expect(await ended).toBe(AWAY);
  });
  test("ends with its signal", async () => {
    const { engine, watch, later } = watched();
    engine.answers = false;
    const abort = new AbortController();
    const ended = persist(watch, abort.signal, failing(9, AWAY)).catch((reason: unknown) => reason);
    await later(0);
    abort.abort("why");
    expect(await ended).toBe("why");
    watch.stop();
  });
});
