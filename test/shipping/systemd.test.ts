import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFile, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { receiveDatagrams } from "../support/datagram-receiver.ts";
import { type ShippedBinary, shippedBinary, stopInOrder } from "../support/shipped.ts";
import { until } from "../support/until.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";
import { startWorker } from "../support/worker-process.ts";

const UNIT = join(import.meta.dir, "../../scripts/deploy/oz-agent-worker.service");

let binary: ShippedBinary;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "oz-agent-worker-systemd-"));
  binary = await shippedBinary();
});
afterAll(async () => {
  await binary?.[Symbol.asyncDispose]();
  await rm(folder, { recursive: true, force: true });
});

test("the binary tells the service manager: ready, connected, alive, stopping", async () => {
  const address = join(folder, "notify");
  await using manager = await receiveDatagrams(address);
  await using fixture = await WorkerFixture.start("systemd", { started: false });
  const { oz, environment } = fixture;
  // Oz is away at first: the worker is up all the same.
  await oz.goAway();
  await using worker = startWorker({
    command: [binary.path],
    args: oz.flags(),
    env: {
      WARP_API_KEY: oz.apiKey,
      DOCKER_HOST: environment.dockerHost,
      NOTIFY_SOCKET: address,
      WATCHDOG_USEC: "200000",
    },
  });
  const count = (text: string) => manager.received.filter((one) => one === text).length;
  await manager.waitFor("READY=1");
  expect(count("STATUS=Connected to Oz, listening for tasks")).toBe(0);
  oz.comeBack();
  await oz.waitForLink();
  await manager.waitFor("STATUS=Connected to Oz, listening for tasks");
  const before = count("WATCHDOG=1");
  await until("five signs of life", () => count("WATCHDOG=1") >= before + 5);

  // A process that hangs gives none: that is what the watchdog is for.
  worker.kill("SIGSTOP");
  await Bun.sleep(150);
  const stopped = count("WATCHDOG=1");
  await Bun.sleep(500);
  expect(count("WATCHDOG=1")).toBe(stopped);
  worker.kill("SIGCONT");
  await until("alive again", () => count("WATCHDOG=1") > stopped);

  worker.kill("SIGHUP");
  await until("a reload that is told", () =>
    manager.received.some((one) => /^RELOADING=1\nMONOTONIC_USEC=\d+$/.test(one)),
  );
  await until("the end of the reload", () => count("READY=1") === 2);

  await stopInOrder(worker);
  await manager.waitFor("STOPPING=1");
  expect(count("READY=1")).toBe(2);
  const known =
    /^(?:READY=1|WATCHDOG=1|STOPPING=1\nSTATUS=Shutting down|RELOADING=1\nMONOTONIC_USEC=\d+|STATUS=[^\n]+)$/;
  expect(manager.received.filter((text) => !known.test(text))).toEqual([]);
});

test("a manager that is not there does not keep the worker from its work", async () => {
  await using fixture = await WorkerFixture.start("no-manager", {
    env: { NOTIFY_SOCKET: join(folder, "nobody"), WATCHDOG_USEC: "1000000" },
  });
  expect(await fixture.run("true")).toMatchObject({ type: "task_completed" });
  expect(await fixture.worker.waitForLine(/service manager does not take the message/)).toContain("WARN");
});

test("systemd finds nothing wrong with the unit", async () => {
  // Only the program and the files of a real installation are put where this test has them.
  const program = join(folder, "worker");
  await copyFile(binary.path, program);
  const text = (await readFile(UNIT, "utf8")).replaceAll("/usr/local/bin/oz-agent-worker ", `${program} `);
  const unit = join(folder, "oz-agent-worker.service");
  await writeFile(unit, text);
  const verify = Bun.spawn(["systemd-analyze", "verify", "--man=no", unit], { stdout: "pipe", stderr: "pipe" });
  const said = (await new Response(verify.stdout).text()) + (await new Response(verify.stderr).text());
  // Other units of the machine are none of ours.
  expect(said.split("\n").filter((line) => line.includes("oz-agent-worker"))).toEqual([]);
  expect(await verify.exited).toBe(0);
});

test("the unit lets a worker finish, and starts it again where that helps", async () => {
  const text = await readFile(UNIT, "utf8");
  const setting = (name: string) => new RegExp(`^${name}=(.*)$`, "m").exec(text)?.[1];
  expect(Number(setting("TimeoutStopSec"))).toBeGreaterThan(15);
  expect(
    ["Type", "NotifyAccess", "KillMode", "Restart", "RestartPreventExitStatus", "NoNewPrivileges", "LimitCORE"].map(
      setting,
    ),
  ).toEqual(["notify", "main", "mixed", "always", "2", "yes", "0"]);
  expect(Number(setting("WatchdogSec"))).toBeGreaterThanOrEqual(10);
});
