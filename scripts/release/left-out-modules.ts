import { basename, dirname, join } from "node:path";
import type { BunPlugin } from "bun";

/**
 * Modules of the Docker client for what the worker never asks of it: its own ssh (with ssh2 and the native
 * cpu-features), and sessions and progress of BuildKit (with grpc and protobufjs). They are a good part of the bundle's
 * weight, start and memory, and two of them would carry the paths of the machine that builds.
 */
export const LEFT_OUT = ["docker-modem/lib/ssh", "dockerode/lib/session", "dockerode/lib/buildkit"] as const;

/** What a call into a left-out module says, on stderr and in its error. */
export const REACHED = "which is left out of this binary";

/** Puts a stub in place of each module in `LEFT_OUT`. */
export function leaveOut(): BunPlugin {
  return {
    name: "leave-out",
    setup(build) {
      build.onResolve({ filter: /^\.{1,2}\/[a-z/]+(?:\.js)?$/ }, ({ path, importer }) => {
        const name = leftOutName(path, importer);
        return name === undefined ? undefined : { path: name, namespace: "left-out" };
      });
      build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: stub(path), loader: "js" }));
    },
  };
}

/** The name in `LEFT_OUT` of what `importer` asks for by a relative path; `undefined` for anything else. */
export function leftOutName(path: string, importer: string): string | undefined {
  const folder = dirname(join(dirname(importer), path));
  const module = basename(path, ".js");
  return LEFT_OUT.find((name) => join(folder, module).endsWith(join("node_modules", name)));
}

/**
 * A CommonJS module that can be loaded and read from. It throws when it, or anything taken from it, is called or
 * constructed, and says so on stderr before: the error alone might be caught and dropped on its way.
 */
export function stub(name: string): string {
  return `
const reached = (what) => function () {
  const text = what + ${JSON.stringify(` was called, ${REACHED}`)};
  process.stderr.write(text + "\\n");
  throw new Error(text);
};
module.exports = new Proxy(reached(${JSON.stringify(name)}), {
  get: (_, property) =>
    property === "__esModule" || typeof property === "symbol" ? undefined : reached(${JSON.stringify(`${name}.`)} + property),
});
`;
}
