import type { Received } from "../../test/support/oz-events.ts";

/** One task of the demo. */
export interface Scene {
  readonly name: string;
  readonly title: string;
  /** What the agent does in its container. */
  readonly script: string;
  /** Cancelled by Oz a moment after the agent's first output. */
  readonly cancelAfterOutput?: true;
  /** The data that Oz must receive, apart from the task's id and a failure's message. */
  readonly expected: Readonly<Record<string, unknown>>;
}

const SUCCESS = `
echo "oz agent: $(id -un) in $(pwd), $# arguments"
for step in "reading the repository" "writing the fix" "running its tests"; do echo "$step"; sleep 0.6; done
echo "done"`;
const FAILURE = `
echo "oz agent: cloning the repository"
sleep 0.8
echo "fatal: could not read from remote repository" >&2
exit 3`;
const LONG = `
trap 'echo "told to stop: saving my work"; exit 0' TERM
echo "oz agent: a long refactoring"
i=0
while [ $i -lt 300 ]; do i=$((i + 1)); [ $((i % 10)) -eq 0 ] && echo "still at it"; sleep 0.1; done`;

/** What the demo shows, in order. */
export const SCENES: readonly Scene[] = [
  {
    name: "success",
    title: "1. A task that succeeds",
    script: SUCCESS,
    expected: { type: "task_completed", message: "Task completed successfully" },
  },
  {
    name: "failure",
    title: "2. A task that fails",
    script: FAILURE,
    expected: { type: "task_failed", failure_reason: "container_exit", exit_code: 3 },
  },
  {
    name: "cancelled",
    title: "3. A task that the user cancels",
    script: LONG,
    cancelAfterOutput: true,
    expected: { type: "task_completed", message: "Task cancelled by user request.", task_state: "CANCELLED" },
  },
];

/** Where a result differs from what the scene expects; empty where it is as expected. */
export function differences(scene: Scene, received: Pick<Received, "type" | "data">): readonly string[] {
  const actual: Readonly<Record<string, unknown>> = { ...received.data, type: received.type };
  return Object.entries(scene.expected)
    .filter(([name, value]) => actual[name] !== value)
    .map(([name, value]) => `${name} is ${JSON.stringify(actual[name])} instead of ${JSON.stringify(value)}`);
}
