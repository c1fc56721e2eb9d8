import { expect, test } from "bun:test";
import { liveProblems } from "../../src/operator/live-problems.ts";

const now = () => 20_000;
const up = () => ({ connected: true, since: 1_000 });
const down = () => ({ connected: false, since: 8_400 });
const refused = () => ({ ...down(), reason: "status 401: the API key is not accepted" });
const answers = async () => {};
const away = async () => {
  throw new Error("no answer within 4 s");
};

test("a worker that ends says so", async () => {
  const problemsOf = (how: string) => liveProblems({ link: up, pingDaemon: answers, now, ending: () => how });
  expect(await problemsOf("stop")).toEqual(["it is ending (stop)"]);
  expect(await problemsOf("drain")).toEqual([]);
});

test.each([
  ["all is well", up, answers, []],
  ["Oz is away", down, answers, ["not connected to Oz for 12 s (see its log)"]],
  [
    "Oz does not take the key",
    refused,
    answers,
    ["not connected to Oz for 12 s (status 401: the API key is not accepted)"],
  ],
  ["the daemon is away", up, away, ["its Docker daemon does not answer (no answer within 4 s)"]],
  [
    "both",
    down,
    away,
    ["not connected to Oz for 12 s (see its log)", "its Docker daemon does not answer (no answer within 4 s)"],
  ],
] as const)("%s", async (_, link, pingDaemon, expected) => {
  expect(await liveProblems({ link, pingDaemon, now, ending: () => undefined })).toEqual([...expected]);
});
