import { expect, test } from "bun:test";
import { WorkerFixture } from "../support/worker-fixture.ts";

const SECRETS = {
  variable: "variable-8f3a-secret",
  quoted: `quo"ted\\secret's-11c7`,
  lines: "-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nhkiG9w0BAQEFAASC\n-----END KEY-----",
  flag: "flag-77aa-secret",
  inherited: "inherited-42bd-secret",
  mcp: "mcp-5e1d-secret",
  malformed: "malformed-93cc-secret",
};

test("no secret in a debug log or a message, though the task prints all that it knows and fails", async () => {
  await using fixture = await WorkerFixture.start("secrets", {
    args: ["-e", `FLAG=${SECRETS.flag}`, "-e", "INHERITED"],
    env: { INHERITED: SECRETS.inherited },
  });
  const { oz, worker } = fixture;
  const known = {
    env_vars: { VARIABLE: SECRETS.variable, QUOTED: SECRETS.quoted, LINES: SECRETS.lines },
    agent_config_snapshot: {
      mcp_servers: { tools: { headers: { Authorization: `Bearer ${SECRETS.mcp}` }, env: { TOKEN: SECRETS.mcp } } },
    },
  };
  // Whatever the task knows, on both streams, as it is and as others would write it.
  const printAll = `env; env >&2; echo "$@"; echo "url=?t=$VARIABLE&q=1"; printf '%s' "$FLAG" | base64; exit 5`;
  const failing = await fixture.run(printAll, known);
  expect(failing.data).toMatchObject({ failure_reason: "container_exit", exit_code: 5 });
  await worker.waitForLine(/url=/);

  const refusedByDaemon = await fixture.run("exit 0", { ...known, docker_image: `127.0.0.1:1/${"x".repeat(300)}` });
  expect(refusedByDaemon.data).toMatchObject({ failure_reason: "image_pull" });

  const { task_id } = await fixture.runUntilReady(`trap 'exit 3' TERM; env; echo ready; sleep 100 & wait`, known);
  await oz.cancel(task_id);
  await oz.waitForResult(task_id);

  for (const parts of [
    { env_vars: { TOKEN: [SECRETS.malformed] } },
    { env_vars: { [`TOKEN=${SECRETS.malformed}`]: "x" } },
    { env_vars: SECRETS.malformed },
    { docker_image: { password: SECRETS.malformed } },
    { task: { agent_config_snapshot: { mcp_servers: [SECRETS.malformed] } } },
    { additional_oz_args: [{ token: SECRETS.malformed }] },
  ]) {
    const data = { ...fixture.task("exit 0"), ...parts };
    await oz.sendRaw(JSON.stringify({ type: "task_assignment", data }));
    await oz.waitForResult(data.task_id);
  }
  await oz.sendRaw(`{"type":"task_assignment","data":{"task_id":"x","env_vars":{"TOKEN":"${SECRETS.malformed}"`);
  await oz.sendRaw(JSON.stringify({ type: "task_assignment", data: { env_vars: { TOKEN: SECRETS.malformed } } }));
  await oz.sendRaw(JSON.stringify({ type: "task_cancellation", data: { task_id: { secret: SECRETS.malformed } } }));
  await fixture.run("exit 0", known);

  const { stderr, stdout } = await fixture.stopWorker();
  expect(stderr).toContain("[redacted]");
  const said = `${stderr}\n${stdout}\n${oz.received.map(({ text }) => text).join("\n")}`;
  for (const [name, secret] of Object.entries({ ...SECRETS, apiKey: oz.apiKey })) {
    for (const form of [...secret.split("\n"), btoa(secret), JSON.stringify(secret).slice(1, -1)]) {
      expect({ name, found: said.includes(form) }).toEqual({ name, found: false });
    }
  }
});

test("labels hold no secret", async () => {
  await using fixture = await WorkerFixture.start("labels", { args: ["-e", `FLAG=${SECRETS.flag}`] });
  const data = await fixture.runUntilReady("trap 'exit 0' TERM; echo ready; sleep 100 & wait", {
    env_vars: { VARIABLE: SECRETS.variable },
    agent_config_snapshot: { mcp_servers: { tools: { token: SECRETS.mcp } } },
  });
  const labels = JSON.stringify((await fixture.containers(data.task_id)).map(({ Labels }) => Labels));
  expect(labels).toContain(data.task_id);
  for (const secret of [...Object.values(SECRETS), fixture.oz.apiKey]) expect(labels).not.toContain(secret);
  await fixture.oz.cancel(data.task_id);
  await fixture.oz.waitForResult(data.task_id);
});
