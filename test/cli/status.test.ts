import { expect, test } from "bun:test";
import { statusLine } from "../../src/cli/status.ts";
import { shownBytes, table } from "../../src/cli/table.ts";
import type { StatusAnswer } from "../../src/operator/status.ts";

const well: StatusAnswer = {
  version: "1.2.3",
  up_ms: 3_600_000,
  link: { connected: true, since_ms: 90_000, undelivered: 0 },
  tasks: { running: 2, limit: 4, reporting: 0 },
  door: { kind: "open" },
};

test("one line tells how a worker stands", () => {
  expect(statusLine(well)).toBe("connected for 1 min 30 s; 2 of 4 tasks; taking tasks; version 1.2.3, up 1 h");
});

test("what is wrong stands out, with its reason", () => {
  const ill: StatusAnswer = {
    ...well,
    link: { connected: false, since_ms: 5_000, reason: "status 401: the API key\nis not accepted", undelivered: 1 },
    door: { kind: "paused", note: "new disk", for_ms: 60_000 },
    docker_problem: "no such socket",
    disk: { free: 5 * 2 ** 30, total: 100 * 2 ** 30 },
    last_failure: { task: "t-1", reason: "container_exit", ago_ms: 61_000 },
  };
  expect(statusLine(ill)).toBe(
    "NOT CONNECTED to Oz for 5 s (status 401: the API key\\nis not accepted); 2 of 4 tasks; PAUSED (for 1 min: new disk); " +
      "DOCKER DOES NOT ANSWER (no such socket); disk 5.0 GiB of 100 GiB free; last failure 1 min 1 s ago: t-1 " +
      "(container_exit); version 1.2.3, up 1 h",
  );
});

test("a table is aligned; bytes are for people", () => {
  expect(table(["A", "BB"], [["long", "x"]])).toBe("A     BB\nlong  x\n");
  expect([0, 1023, 1536, 20 * 2 ** 20].map(shownBytes)).toEqual(["0 B", "1023 B", "1.5 KiB", "20 MiB"]);
});
