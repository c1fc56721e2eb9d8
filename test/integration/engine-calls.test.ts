import { expect, test } from "bun:test";
import { tempFolder } from "../docker/registry/temp-folder.ts";
import { copiedSidecars } from "../support/copied-sidecars.ts";
import { DockerRelay } from "../support/docker-relay.ts";
import { testEnvironment } from "../support/environment.ts";
import { WorkerFixture } from "../support/worker-fixture.ts";

/** What a request is about, without versions, ids and names. */
function kindOf(request: string): string {
  return request
    .replace(/ \/v\d+\.\d+/, " ")
    .replace(/\/containers\/(?!create|json)[^/]+/, "/containers/ID")
    .replace(/\/images\/.+\/json/, "/images/ID/json")
    .replace(/\/volumes\/(?!create)[^/]+/, "/volumes/NAME");
}

/** Of a task's image and of its sidecar, beside a container from what they were before. */
const ASKS_REGISTRY = ["POST /images/create", "POST /images/create"];
/** Under the other policies: what is here, looked at beside the claim. */
const LOOKS_HERE = ["GET /images/ID/json", "GET /images/ID/json"];

test.each([
  ["Always", ASKS_REGISTRY],
  ["IfNotPresent", LOOKS_HERE],
  ["Never", LOOKS_HERE],
])("a task whose images are here costs these calls to the engine, and none twice (%s)", async (policy, forImages) => {
  const environment = testEnvironment();
  {
    // Who never pulls needs them here.
    await using other = await WorkerFixture.start("calls-first");
    await other.run("exit 0");
  }
  await using folder = await tempFolder();
  const file = await folder.write("worker.yaml", `backend: {docker: {image_pull_policy: ${policy}}}\n`);
  using docker = await DockerRelay.start(environment.dockerHost);
  const env = { DOCKER_HOST: docker.address, ...(await copiedSidecars(environment.docker)) };
  await using fixture = await WorkerFixture.start("calls", { env, args: ["--config-file", file] });
  for (let warm = 0; warm < 2; warm += 1) {
    await fixture.untilCleared((await fixture.run("exit 0")).taskId);
  }
  // Housekeeping after the start has its own calls; what a look of it adds in this second would be seen here too.
  await Bun.sleep(500);
  docker.requests.length = 0;
  const { taskId } = await fixture.run("exit 0");
  const before = docker.requests.map(kindOf);
  await fixture.untilCleared(taskId);
  await Bun.sleep(200);

  expect(before.slice(0, 9).sort()).toEqual(
    [
      // The claim, and beside it whether the container's name is free.
      "POST /volumes/create",
      "GET /containers/ID/json",
      ...forImages,
      "POST /containers/create",
      // Whether the container has the sidecar's content, and the claim is there still.
      "GET /volumes/NAME",
      "GET /volumes/NAME",
      "POST /containers/ID/start",
      // The events have told of the end by then; who would have missed one waits as well.
      "POST /containers/ID/wait",
    ].sort(),
  );
  expect(docker.requests.map(kindOf).slice(before.length).concat(before.slice(9)).sort()).toEqual(
    [
      // Once Oz has read the result: the claim goes, which closes the execution, and then everything else.
      "GET /volumes/NAME",
      "DELETE /volumes/NAME",
      "DELETE /containers/ID",
      "GET /volumes",
    ].sort(),
  );
});

test("without the engine's events a task ends as well, and says the same", async () => {
  using docker = await DockerRelay.start(testEnvironment().dockerHost);
  const asked = docker.next(/^GET \S*\/events/, "hold");
  await using fixture = await WorkerFixture.start("no-events", { env: { DOCKER_HOST: docker.address } });
  const { data } = await fixture.run("exit 3");
  await asked;
  expect(data).toMatchObject({ failure_reason: "container_exit", exit_code: 3 });
});
