import type Docker from "dockerode";

/** The last API version without image mounts. */
const LAST_WITHOUT = { text: "1.47", minor: 47 };

/** A worker's environment in which sidecars are copied, also on an engine that would rather mount them. */
export async function copiedSidecars(docker: Docker): Promise<Readonly<Record<string, string>>> {
  const { ApiVersion } = await docker.version();
  const [major = 0, minor = 0] = ApiVersion.split(".").map(Number);
  return major > 1 || minor > LAST_WITHOUT.minor ? { DOCKER_API_VERSION: LAST_WITHOUT.text } : {};
}
