/** The socket of the daemon that scripts/test started. Throws one plain line where there is none. */
export function daemonSocket(env: Readonly<Record<string, string | undefined>> = process.env): string {
  const host = env.OZ_TEST_DOCKER_HOST;
  if (!host?.startsWith("unix://")) {
    throw new Error("No Docker daemon to test with: run scripts/test, which starts one, not bun test");
  }
  return host.slice("unix://".length);
}
