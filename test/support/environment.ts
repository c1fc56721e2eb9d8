import Docker from "dockerode";

/** The Docker daemon and the registry that scripts/test started. */
export interface TestEnvironment {
  /** `unix:///...` */
  readonly dockerHost: string;
  /** `127.0.0.1:PORT`, plain HTTP. */
  readonly registry: string;
  /** Prefix of everything that this run creates; what carries it is removed at the end, and is a leak if it is left. */
  readonly run: string;
  /** Path of a static busybox on this machine. */
  readonly busybox: string;
  readonly docker: Docker;
  /** A name of this run's own; fit for containers, volumes, repositories, worker ids and files. */
  name(suffix: string): string;
}

/** The environment of this run. Throws one plain line where there is none. */
export function testEnvironment(env: Readonly<Record<string, string | undefined>> = process.env): TestEnvironment {
  const {
    OZ_TEST_DOCKER_HOST: dockerHost,
    OZ_TEST_REGISTRY: registry,
    OZ_TEST_RUN: run,
    OZ_TEST_BUSYBOX: busybox,
  } = env;
  if (!dockerHost?.startsWith("unix://") || !registry || !run || !busybox) {
    throw new Error("No Docker daemon and registry to test with: run scripts/test, which starts them, not bun test");
  }
  const docker = new Docker({ socketPath: dockerHost.slice("unix://".length) });
  return { dockerHost, registry, run, busybox, docker, name: (suffix) => `${run}-${suffix}` };
}
