import type { Random } from "../chaos/random.ts";
import { type AssignmentData, assignment } from "./assignment-builder.ts";

const MEBIBYTE = 1024 * 1024;

const frameOf = (type: string, data: unknown) => JSON.stringify({ type, data });
const assigned = (data: object) => frameOf("task_assignment", data);

/** What an assignment may hold that costs whoever reads it; nobody has the image, so that nothing runs. */
function costly(chance: Random, image: string): object {
  const base = assignment({ docker_image: image, sidecar_image: image, env_vars: {} });
  const many = (count: number, make: (index: number) => string) =>
    Object.fromEntries(Array.from({ length: count }, (_, index) => [`V${index}`, make(index)]));
  switch (chance.between(0, 6)) {
    case 0:
      return { ...base, env_vars: many(9_000, () => "line\n".repeat(20)) };
    case 1:
      return { ...base, env_vars: many(8, () => "common beginning ".repeat(7_000)) };
    case 2:
      return { ...base, additional_sidecars: Array(1_500).fill({ image, mount_path: "/x" }) };
    case 3:
      return { ...base, additional_oz_args: Array(100_000).fill("--conversation") };
    case 4:
      return { ...base, task_id: "i".repeat(3 * MEBIBYTE) };
    case 5:
      return { ...base, task: { ...base.task, agent_config_snapshot: { mcp_servers: many(20_000, String) } } };
    default:
      return { ...base, additional_sidecars: Array.from({ length: 32 }, (_, n) => ({ image, mount_path: `/${n}` })) };
  }
}

/**
 * One frame of a random mix of everything that an Oz could send to wear a worker down. `running` are redelivered: they must
 * come through it. `image` is one that no registry has.
 */
export function hostileFrame(chance: Random, running: readonly AssignmentData[], image: string): string | Uint8Array {
  const kind = chance.between(0, 999);
  if (kind < 300) return assigned(running[chance.between(0, running.length - 1)] ?? {});
  if (kind < 500) return frameOf(`type-${chance.between(0, 1e9)}`, { x: "y".repeat(chance.between(0, 2_000)) });
  if (kind < 620) return frameOf("task_cancellation", { task_id: `nobody-${chance.between(0, 1e9)}` });
  if (kind < 740) return assigned({ task_id: `unreadable-${chance.between(0, 1e9)}`, task: "no object" });
  if (kind < 840) return assigned({ ...assignment({ docker_image: image, sidecar_image: image }) });
  if (kind < 920) return "{".repeat(chance.between(1, 5_000));
  if (kind < 950) return new Uint8Array(chance.between(0, 65_536));
  if (kind < 985) return assigned(costly(chance, image));
  if (kind < 990) return "[".repeat(4 * MEBIBYTE);
  // Each of the last kind ends a link, and a link that is dialled again brings nothing for a while.
  if (kind < 999 || chance.chance(0.9)) return `{"type":"x","data":"${"z".repeat(3 * MEBIBYTE)}"}`;
  return "w".repeat(chance.between(5, 40) * MEBIBYTE);
}
