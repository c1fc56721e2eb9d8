import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { assignment } from "./assignment-builder.ts";
import { OzStandIn } from "./oz-stand-in.ts";

const claim = (taskId: string) => ({ type: "task_claimed", data: { task_id: taskId, worker_id: "test-worker" } });
const done = (taskId: string) => ({
  type: "task_completed",
  data: { task_id: taskId, message: "Task completed successfully" },
});
const reject = (taskId: string) => ({ type: "task_rejected", data: { task_id: taskId, reason: "full" } });
const failed = (taskId: string, data: Record<string, unknown>) => ({
  type: "task_failed",
  data: { task_id: taskId, message: "Failed to execute task: it did", failure_reason: "unknown", ...data },
});

/** What a worker says of itself. */
const SAID = {
  "User-Agent": "oz-agent-worker/1.2.3",
  "X-Warp-Worker-Capabilities": "execution-scoped-cancellation-v1",
};

let oz: OzStandIn;
let socket: WebSocket;

async function dial(): Promise<WebSocket> {
  const made = new WebSocket(`${oz.url}?worker_id=test-worker`, {
    headers: { ...SAID, Authorization: `Bearer ${oz.apiKey}` },
  });
  await new Promise((resolve) => made.addEventListener("open", resolve, { once: true }));
  return made;
}

/** Sends frames and waits until the stand-in has read them and knows that its pong was read. */
async function say(...frames: unknown[]): Promise<readonly string[]> {
  const before = oz.pongsRead;
  for (const frame of frames) socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
  socket.ping("barrier");
  await oz.waitFor("the pong", () => oz.pongsRead > before || undefined);
  return oz.violations;
}

beforeEach(async () => {
  oz = new OzStandIn();
  socket = await dial();
});
afterEach(async () => {
  socket.terminate();
  await oz.stop();
});

describe("shapes", () => {
  test.each<[string, (id: string) => unknown[]]>([
    ["success", (id) => [claim(id), done(id)]],
    ["failure with an exit code", (id) => [claim(id), failed(id, { failure_reason: "container_exit", exit_code: 3 })]],
    ["failure without one", (id) => [claim(id), failed(id, {})]],
    ["rejection", (id) => [reject(id)]],
    [
      "cancellation",
      (id) => [
        claim(id),
        {
          type: "task_completed",
          data: { task_id: id, message: "Task cancelled by user request.", task_state: "CANCELLED" },
        },
      ],
    ],
  ])("accepts %s", async (_, frames) => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    expect(await say(...frames(task.task_id))).toEqual([]);
    expect(oz.typesOf(task.task_id)).toHaveLength(frames("").length);
  });

  test.each<[string, (id: string) => unknown[]]>([
    ["no JSON", (id) => [claim(id), "{"]],
    ["no object", (id) => [claim(id), "null"]],
    ["an unknown type", (id) => [{ ...claim(id), type: "task_started" }]],
    ["a key beside type and data", (id) => [{ ...claim(id), at: 1 }]],
    ["an extra key", (id) => [claim(id), failed(id, { extra: 1 })]],
    ["another worker id", (id) => [{ type: "task_claimed", data: { task_id: id, worker_id: "other" } }]],
    ["a failure reason of its own", (id) => [claim(id), failed(id, { failure_reason: "broken" })]],
    ["a message without the prefix", (id) => [claim(id), failed(id, { message: "it did" })]],
    ["container_exit without a code", (id) => [claim(id), failed(id, { failure_reason: "container_exit" })]],
    ["an exit code as text", (id) => [claim(id), failed(id, { exit_code: "3" })]],
    ["another success text", (id) => [claim(id), { type: "task_completed", data: { task_id: id, message: "ok" } }]],
  ])("records %s", async (_, frames) => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    expect(await say(...frames(task.task_id))).toHaveLength(1);
  });
});

describe("order", () => {
  const rows: [string, number, (id: string) => unknown[]][] = [
    ["a terminal message before any claim", 1, (id) => [done(id)]],
    ["a claim after a rejection", 1, (id) => [reject(id), claim(id)]],
    ["a rejection after a claim", 1, (id) => [claim(id), reject(id)]],
    ["two terminal messages for one execution", 1, (id) => [claim(id), done(id), done(id)]],
    ["two different results", 2, (id) => [claim(id), done(id), failed(id, {})]],
    ["a task that was never assigned", 1, () => [claim("never")]],
  ];
  test.each(rows)("records %s", async (_, count, frames) => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    expect(await say(...frames(task.task_id))).toHaveLength(count);
  });

  test("a result may be repeated on a new link only until it is confirmed", async () => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    await say(claim(task.task_id));
    socket.send(JSON.stringify(done(task.task_id)));
    await oz.waitForResult(task.task_id);
    socket.terminate();
    socket = await dial();
    expect(await say(done(task.task_id))).toEqual([]);
    await oz.waitForConfirmation(task.task_id);
    socket.terminate();
    socket = await dial();
    expect(await say(done(task.task_id))).toEqual([
      `task_completed ${task.task_id}: a terminal message after one was confirmed`,
    ]);
  });

  test("a redelivery is claimed again, without a second result", async () => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    await say(claim(task.task_id), done(task.task_id));
    await oz.redeliver(task.task_id);
    expect(await say(claim(task.task_id))).toEqual([]);
    expect(await say(done(task.task_id))).toHaveLength(1);
  });

  test("executions of one task have a result each, and are told apart by their ids", async () => {
    const task = assignment({ execution_id: "one" });
    await oz.assign(task);
    await oz.assign({ ...task, execution_id: "two" });
    const of = (message: { type: string; data: object }, execution: string) => ({
      ...message,
      data: { ...message.data, execution_id: execution },
    });
    const { task_id: id } = task;
    const both = ["one", "two"].flatMap((execution) => [of(claim(id), execution), of(done(id), execution)]);
    expect(await say(...both)).toEqual([]);
    expect(await say(of(claim(id), "three"))).toHaveLength(1);
    expect(await say(claim(id))).toHaveLength(2);
    expect((await say(of(done(id), "two"))).join()).toContain("after one was confirmed");
  });

  test("of two executions one is rejected, whichever, and the other claimed", async () => {
    const task = assignment({ execution_id: "one" });
    await oz.assign(task);
    await oz.assign({ ...task, execution_id: "two" });
    const claimOf = (id: string) => ({
      ...claim(task.task_id),
      data: { ...claim(task.task_id).data, execution_id: id },
    });
    expect(await say(reject(task.task_id), claimOf("one"))).toEqual([]);
    expect(await say(claimOf("two"))).toEqual([`${task.task_id}: claimed after it was rejected`]);
  });

  test("a rejected task may be assigned again and claimed then", async () => {
    const task = assignment({ execution_id: "" });
    await oz.assign(task);
    await say(reject(task.task_id));
    await oz.redeliver(task.task_id);
    expect(await say(claim(task.task_id), done(task.task_id))).toEqual([]);
  });
});

test.each([
  ["another path", "/other", "test-worker", {}, 404],
  ["another key", "", "test-worker", { Authorization: "Bearer nope" }, 401],
  ["no worker id", "", "", {}, 400],
  ["no capabilities", "", "test-worker", { "X-Warp-Worker-Capabilities": "" }, 400],
  ["another program", "", "test-worker", { "User-Agent": "curl/8" }, 400],
])("refuses %s", async (_, path, workerId, headers, status) => {
  const url = path === "" ? oz.url : oz.url.replace(/\/api.*/, path);
  const refused = new WebSocket(`${url}?worker_id=${workerId}`, {
    headers: { ...SAID, Authorization: `Bearer ${oz.apiKey}`, ...headers },
  });
  await new Promise((resolve) => refused.addEventListener("close", resolve, { once: true }));
  expect(oz.refusals.map((refusal) => refusal.status)).toEqual([status]);
});

test("goes away and comes back on the same port", async () => {
  const { port } = oz;
  const ended = new Promise((resolve) => socket.addEventListener("close", resolve, { once: true }));
  await oz.goAway();
  await ended;
  expect(oz.openLinks).toBe(0);
  oz.comeBack();
  socket = await dial();
  await oz.waitForLink();
  expect(oz.port).toBe(port);
});

test("a wait that ends in vain tells what came instead", async () => {
  const task = assignment({ execution_id: "" });
  await oz.assign(task);
  await say(claim(task.task_id));
  await expect(oz.waitForResult(task.task_id, 20)).rejects.toThrow(`received: task_claimed ${task.task_id}`);
});
