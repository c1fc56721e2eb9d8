import { expect, test } from "bun:test";
import { createReaper } from "../../src/docker/reaper.ts";
import { executionLabels, LABELS } from "../../src/docker/records/labels.ts";
import { createLeaseLooks } from "../../src/docker/records/lease-looks.ts";
import { randomToken, recordNames } from "../../src/docker/records/object-names.ts";
import { encodeOwner, type Owner } from "../../src/host/owner.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { recordedLog } from "../support/recorded-log.ts";
import { RecordsScene } from "./records/records-scene.ts";

type LeasedOwner = Owner & { readonly lease: string };

/** The lease of an owner as its worker makes it; answers its name. */
async function leaseOf(scene: RecordsScene, owner: LeasedOwner): Promise<string> {
  const name = recordNames.lease(owner.lease, 7);
  const labels = {
    [LABELS.kind]: "lease",
    [LABELS.workerId]: scene.workerId,
    [LABELS.owner]: encodeOwner(owner),
    [LABELS.createdAt]: String(Date.now()),
  };
  await scene.docker.createVolume({ Name: name, Labels: scene.seals.seal(name, labels) });
  return name;
}

test("the lease of a dead worker goes, behind all else of its own; that of a living one stays, and what cannot be judged", async () => {
  await using scene = new RecordsScene();
  const leased = (owner: Owner): LeasedOwner => ({ ...owner, lease: randomToken() });
  const [gone, busy, alive] = [leased(scene.dead), leased(scene.dead), leased(scene.other)];
  const hidden = leased({ ...scene.dead, pidNamespace: "pid:[1]" });
  const [, busyLease, aliveLease, hiddenLease] = await Promise.all(
    [gone, busy, alive, hidden].map((owner) => leaseOf(scene, owner)),
  );
  const attempt = randomToken();
  const execution = { taskId: "t", executionId: "1" };
  const verdict = recordNames.verdict(scene.seals, execution, attempt);
  const labels = executionLabels("verdict", scene.recordsOf(busy), execution, attempt);
  await scene.docker.createVolume({
    Name: verdict,
    Labels: scene.seals.seal(verdict, { ...labels, [LABELS.verdict]: "{}" }),
  });

  const clock = new ManualClock();
  const leases = createLeaseLooks(clock);
  const { engine, seals, living: self } = scene;
  const now = () => Date.now() + 120_000;
  const reaper = createReaper({ engine, seals, self, clock, leases, log: recordedLog(), now });
  await reaper.reap();
  expect(await scene.volumes()).toEqual([busyLease, aliveLease, hiddenLease].map(String).sort());
  await reaper.reap();
  expect(await scene.volumes()).toEqual([aliveLease, hiddenLease].map(String).sort());

  for (let look = 0; look < 5; look += 1) {
    leases.see([hidden.lease], () => [7]);
    clock.advance(25_000);
  }
  await reaper.reap();
  expect(await scene.volumes()).toEqual([String(aliveLease)]);
});
