import { type Parsed, parsed, refused } from "./parsed.ts";
import { alternatives, shown } from "./shown.ts";

/** When an image is pulled: before each task, where the daemon does not have it, or not at all. */
export const IMAGE_PULL_POLICIES = ["Always", "IfNotPresent", "Never"] as const;
export type ImagePullPolicy = (typeof IMAGE_PULL_POLICIES)[number];

/** What a pull policy is, for error lines. */
export const IMAGE_PULL_POLICY_TAKES = alternatives(IMAGE_PULL_POLICIES);

/** Reads a pull policy, exactly as it is spelt: other tools know these three words so. */
export function parseImagePullPolicy(text: string): Parsed<ImagePullPolicy> {
  const policy = IMAGE_PULL_POLICIES.find((known) => known === text);
  if (policy !== undefined) return parsed(policy);
  const plain = (word: string) => word.toLowerCase().replace(/[^a-z]/g, "");
  const meant = IMAGE_PULL_POLICIES.find((known) => plain(known) === plain(text));
  const wayOut = meant === undefined ? "" : `; write it exactly so: ${meant}`;
  return refused(`takes ${IMAGE_PULL_POLICY_TAKES}; got ${shown(text)}${wayOut}`);
}
