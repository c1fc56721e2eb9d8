import { describe, expect, test } from "bun:test";
import type { Engine } from "../../../src/docker/engine/engine.ts";
import { EngineError } from "../../../src/docker/engine/engine-error.ts";
import { createEngineWatch, persist } from "../../../src/docker/engine/engine-watch.ts";
import { ManualClock } from "../../support/manual-clock.ts";
import { recordedLog } from "../../support/recorded-log.ts";

const AWAY = new EngineError("unreachable", "GET /_ping: ECONNREFUSED");

/** A watch of an engine whose pings succeed or fail as a test says. */
function watched() {
  const engine = { answers: true, pings: 0 };
  const unused = () => Promise.reject(new Error("only pings are expected"));
  const fake: Engine = {
    call: unused,
    open: unused,
    run: async () => {
      engine.pings += 1;
      if (!engine.answers) throw AWAY;
    },
  };
  const clock = new ManualClock();
  const log = recordedLog();
  const watch = createEngineWatch(fake, clock, log);
  const later = async (ms: number) => {
    clock.advance(ms);
    await Bun.sleep(0);
  };
  return { engine, clock, log, watch, later };
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
    const { engine, watch, log, later } = watched();
    let backs = 0;
    watch.onBack(() => {
      backs += 1;
    });
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
    expect(backs).toBe(1);
    expect(log.messages("info")).toEqual(["the Docker daemon answers again"]);
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
