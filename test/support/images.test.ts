import { expect, test } from "bun:test";
import { testEnvironment } from "./environment.ts";
import { agentImage, bigSidecarImage, sidecarImage, testImage } from "./images.ts";
import { unpublishImage } from "./push-image.ts";

/** Pulls through the daemon; rejects with what the daemon says. */
async function pull(reference: string): Promise<void> {
  const { docker } = testEnvironment();
  const stream = await docker.pull(reference);
  await new Promise<void>((resolve, reject) =>
    docker.modem.followProgress(stream, (error) => (error ? reject(error) : resolve())),
  );
}

/** Runs a command in a container that has the given volumes; answers its exit code and output. */
async function run(
  image: string,
  command: readonly string[],
  from?: string,
): Promise<{ code: number; output: string }> {
  const { docker, name } = testEnvironment();
  const container = await docker.createContainer({
    name: name(`images-${Math.random().toString(36).slice(2)}`),
    Image: image,
    Cmd: [...command],
    HostConfig: from === undefined ? {} : { VolumesFrom: [from] },
  });
  try {
    await container.start();
    const { StatusCode } = await container.wait();
    const log = await container.logs({ stdout: true, stderr: true });
    return { code: StatusCode, output: log.toString("utf8") };
  } finally {
    await container.remove({ force: true, v: true });
  }
}

test("the task image has a shell, the usual programs and the usual folders", async () => {
  const { reference } = await agentImage(testEnvironment(), "images-agent");
  await pull(reference);
  const { code, output } = await run(reference, ["sh", "-c", "cd /workspace && echo hi > /tmp/x && sha256sum /tmp/x"]);
  expect({ code, hash: /[0-9a-f]{64}/.exec(output)?.[0] }).toEqual({
    code: 0,
    hash: new Bun.CryptoHasher("sha256").update("hi\n").digest("hex"),
  });
});

test("the big sidecar's checksums are those of its files", async () => {
  const environment = testEnvironment();
  const sidecar = await bigSidecarImage(environment, { name: "images-big", megabytes: 2, fileCount: 30 });
  const files = await agentImage(environment, "images-check", { layers: [] });
  await Promise.all([pull(sidecar.reference), pull(files.reference)]);
  const { docker, name } = environment;
  const volume = await docker.createVolume({ Name: name("images-big-data") });
  const source = await docker.createContainer({
    name: name("images-big-source"),
    Image: sidecar.reference,
    Cmd: ["x"],
  });
  const target = await docker.createContainer({
    name: name("images-big-target"),
    Image: files.reference,
    HostConfig: { Binds: [`${name("images-big-data")}:/agent`] },
  });
  try {
    await target.putArchive(await source.export(), { path: "/agent" });
    const check = ["sh", "-c", "cd /agent && sha256sum -c -s SHA256SUMS && wc -l < SHA256SUMS"];
    const { code, output } = await run(files.reference, check, target.id);
    expect({ code, files: /\d+/.exec(output)?.[0] }).toEqual({ code: 0, files: "30" });
  } finally {
    await Promise.all([source.remove({ force: true }), target.remove({ force: true })]);
    await volume.remove();
  }
});

test("a sidecar image holds no program but its own scripts", async () => {
  const { reference, id } = await sidecarImage(testEnvironment(), { name: "images-sidecar" });
  await pull(reference);
  expect((await testEnvironment().docker.getImage(reference).inspect()).Id).toBe(id);
  await expect(run(reference, ["/bin/sh", "-c", "true"])).rejects.toThrow(/no such file/);
});

test("an unpublished image is unknown to the registry", async () => {
  const image = await testImage(testEnvironment(), "images-gone", { layers: [[{ path: "x", content: "x" }]] });
  await unpublishImage(image);
  await expect(pull(image.reference)).rejects.toThrow(/not found|unknown/);
});
