import { FLAG_GROUPS, FLAG_LIST, type Flag } from "./flag-table.ts";

const INDENT = " ".repeat(6);

const VARIABLES: readonly (readonly [names: string, meaning: string])[] = [
  ["WARP_API_KEY", "team API key, where --api-key is not given"],
  ["DOCKER_HOST", "Docker daemon: unix://, tcp:// or ssh://"],
  ["DOCKER_CONTEXT", "Docker context, where DOCKER_HOST is not set"],
  ["DOCKER_CONFIG", "folder of Docker's config: contexts, registry credentials"],
  ["DOCKER_TLS_VERIFY, DOCKER_CERT_PATH", "TLS to the daemon, as the Docker CLI has it"],
  ["DOCKER_API_VERSION", "pins the version of Docker's API"],
  ["SSL_CERT_FILE, NODE_EXTRA_CA_CERTS", "PEM files with certificate authorities of your own"],
  ["HTTPS_PROXY, HTTP_PROXY, NO_PROXY", "the way out to Oz"],
];

/** The help: plain text in at most 100 columns, without colour. */
export function usage(): string {
  const groups = FLAG_GROUPS.flatMap((group) => [
    `${group}:`,
    ...FLAG_LIST.filter((flag) => flag.group === group).flatMap(flagLines),
    "",
  ]);
  const width = Math.max(...VARIABLES.map(([names]) => names.length)) + 2;
  return [
    "Usage: oz-agent-worker [flags]",
    "       oz-agent-worker health [--worker-id ID]   exit 0 if the workers here are connected, else 1",
    "",
    "Runs Oz cloud agents on this machine, each task in a Docker container of its own.",
    "Flags win over the config file, which wins over the defaults.",
    "",
    ...groups,
    "Environment:",
    ...VARIABLES.map(([names, meaning]) => `  ${names.padEnd(width)}${meaning}`),
    "",
    "Examples:",
    "  # With the key from the environment, four tasks at a time, a cache shared by all of them",
    "  export WARP_API_KEY=...",
    "  oz-agent-worker --worker-id prod-runner-1 --max-concurrent-tasks 4 -v /opt/cache:/cache",
    "",
    "  # Settings from a file, one more variable handed on from this environment",
    "  oz-agent-worker --config-file worker.yaml -e NPM_TOKEN",
    "",
    "Exit codes: 0 stopped by a signal, 1 cannot run (no Docker daemon), 2 bad flags or config file.",
    "",
  ].join("\n");
}

function flagLines({ name, short, placeholder, help }: Flag & { readonly name: string }): string[] {
  const value = placeholder === undefined ? "" : ` ${placeholder}`;
  const head = `${short === undefined ? "    " : `-${short}, `}--${name}${value}`;
  return [`  ${head}`, ...help.map((line) => `${INDENT}    ${line}`)];
}
