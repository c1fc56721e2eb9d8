import { expect, test } from "bun:test";
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

test("a task whose images are here costs these calls to the engine, and none twice", async () => {
  const environment = testEnvironment();
  using docker = await DockerRelay.start(environment.dockerHost);
  const env = { DOCKER_HOST: docker.address, ...(await copiedSidecars(environment.docker)) };
  await using fixture = await WorkerFixture.start("calls", { env });
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

  expect(before.slice(0, 8).sort()).toEqual(
    [
      // The claim, and beside it whether the container's name is free.
      "POST /volumes/create",
      "GET /containers/ID/json",
      // What the registry has, of both images, beside a container from what it had before.
      "POST /images/create",
      "POST /images/create",
      "POST /containers/create",
      // Whether the container has the sidecar's content.
      "GET /volumes/NAME",
      "POST /containers/ID/start",
      // The events have told of the end by then; who would have missed one waits as well.
      "POST /containers/ID/wait",
    ].sort(),
  );
  expect(docker.requests.map(kindOf).slice(before.length).concat(before.slice(8)).sort()).toEqual(
    [
      // Once Oz has read the result: the mark that says so, and everything goes.
      "POST /volumes/create",
      "GET /volumes/NAME",
      "DELETE /volumes/NAME",
      "DELETE /containers/ID",
      "GET /volumes",
      "DELETE /volumes/NAME",
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
