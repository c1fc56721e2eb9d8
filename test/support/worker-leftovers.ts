import type Docker from "dockerode";
import { LABELS } from "../../src/docker/records/labels.ts";
import { decodeOwner } from "../../src/host/owner.ts";

/**
 * What a worker has left on the daemon, one plain line each, and removes it, so that the next test starts clean. Published
 * sidecars are no leftovers: they are kept for the next worker.
 */
export async function leftBehind(
  docker: Docker,
  workerId: string,
  pids: readonly number[],
): Promise<readonly string[]> {
  const isTheirs = (labels: Readonly<Record<string, string>>) => {
    if (labels[LABELS.workerId] === workerId) return true;
    const owner = decodeOwner(labels[LABELS.owner]);
    return owner !== undefined && pids.includes(owner.pid);
  };
  const found: string[] = [];
  const published = new Set<string>();
  for (const { Id, Names, Labels } of await docker.listContainers({ all: true })) {
    const name = Names[0]?.slice(1) ?? Id;
    if (name.startsWith("oz-agent-worker.sidecar.sha256-")) published.add(Labels[LABELS.volume] ?? "");
    else if (isTheirs(Labels)) {
      found.push(`left behind: container ${name}`);
      await docker
        .getContainer(Id)
        .remove({ force: true, v: true })
        .catch(() => {});
    }
  }
  for (const { Name, Labels } of (await docker.listVolumes()).Volumes) {
    if (published.has(Name) || !isTheirs(Labels ?? {})) continue;
    // That of a worker that was killed goes with the next look of another, and there may be none.
    if (Labels?.[LABELS.kind] !== "lease") found.push(`left behind: volume ${Name}`);
    await docker
      .getVolume(Name)
      .remove()
      .catch(() => {});
  }
  for (const { Id, Labels } of await docker.listImages()) {
    if (!isTheirs(Labels ?? {})) continue;
    found.push(`left behind: image ${Id}`);
    await docker
      .getImage(Id)
      .remove({ noprune: true })
      .catch(() => {});
  }
  return found;
}
