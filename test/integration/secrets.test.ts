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
  argument: "argument-0c2e-secret",
  key: "key-41d9-secret",
  number: "4155550172",
  image: "image-6b90-secret",
};

test("no secret in a debug log or a message, though the task prints all that it knows and fails", async () => {
  await using fixture = await WorkerFixture.start("secrets", {
    args: ["-e", `FLAG=${SECRETS.flag}`, "-e", "INHERITED", "-e", "NODE_ENV=production", "-e", "CI=true"],
    env: { INHERITED: SECRETS.inherited },
  });
  const { oz, worker } = fixture;
  const known = {
    env_vars: { VARIABLE: SECRETS.variable, QUOTED: SECRETS.quoted, LINES: SECRETS.lines },
    agent_config_snapshot: {
      mcp_servers: {
        tools: {
          headers: { Authorization: `Bearer ${SECRETS.mcp}`, [SECRETS.key]: "on" },
          env: { TOKEN: SECRETS.mcp, ACCOUNT: Number(SECRETS.number) },
        },
      },
    },
    additional_oz_args: ["--conversation", SECRETS.argument],
  };
  // Whatever the task knows, on both streams, as it is and as others would write it.
  const printAll = `env; env >&2; echo "$@"; echo "url=?t=$VARIABLE&q=1"; printf '%s' "$FLAG" | base64; exit 5`;
  const failing = await fixture.run(printAll, known);
  expect(failing.data).toMatchObject({ failure_reason: "container_exit", exit_code: 5 });
  await worker.waitForLine(/url=/);

  // The script is in a variable, and so a secret itself: what it prints must not stand in it.
  const disguised = [
    `printf '%s' "$VARIABLE" | sed 's/.\\{7\\}/&\\n/g'; echo`,
    `printf '%s\\n' "$VARIABLE" | sed 's/^..../&\\x1b[31m/'`,
    `printf '%s' "$VARIABLE" | hexdump -C; printf '%s' "$FLAG" | od -t x1`,
    `printf 'lead-in-%s' "$LINES" | base64 | sed 's/.\\{20\\}/&\\n   /g'; echo`,
    `echo "https://someone:$FLAG@host.example/"; printf '%s\\n' "$LINES" | cut -c 1-17`,
    `echo "built for $NODE_ENV, CI is $CI"; exit 5`,
  ].join("; ");
  await fixture.run(disguised, known);
  await worker.waitForLine(/ output .*built for production, CI is true/);

  const withLogin = await fixture.run("exit 0", { docker_image: `someone:${SECRETS.image}@127.0.0.1:1/x` });
  expect(withLogin.data).toMatchObject({ failure_reason: "image_pull" });

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
  for (const part of ["ariable", "8f3a", "72 69 61 62", "MIIEvQIB"]) expect(outputIn(stderr)).not.toContain(part);
  const said = `${stderr}\n${stdout}\n${oz.received.map(({ text }) => text).join("\n")}`;
  for (const [name, secret] of Object.entries({ ...SECRETS, apiKey: oz.apiKey })) {
    for (const form of [...secret.split("\n"), btoa(secret), JSON.stringify(secret).slice(1, -1)]) {
      expect({ name, found: said.includes(form) }).toEqual({ name, found: false });
    }
  }
});

/** What the tasks printed, as far as the log shows it; names of variables are in capitals there. */
function outputIn(log: string): string {
  return log
    .split("\n")
    .filter((line) => / output /.test(line))
    .join("\n");
}

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
