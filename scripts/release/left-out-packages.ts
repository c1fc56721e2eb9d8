import type { BunPlugin } from "bun";

/**
 * Packages that the Docker client loads for what the worker never asks of it: its own ssh (with the native cpu-features), and sessions and
 * progress of BuildKit. They are a good part of the bundle's weight, start and memory.
 */
export const LEFT_OUT = ["ssh2", "@grpc/grpc-js", "@grpc/proto-loader", "protobufjs"] as const;

/** What a call into a left-out package says, on stderr and in its error. */
export const REACHED = "which is left out of this binary";

/** Puts a stub in place of each package in `LEFT_OUT`. */
export function leaveOut(): BunPlugin {
  return {
    name: "leave-out",
    setup(build) {
      const names = LEFT_OUT.map((name) => name.replace("/", "\\/")).join("|");
      build.onResolve({ filter: new RegExp(`^(?:${names})(?:\\/.*)?$`) }, ({ path }) => ({
        path,
        namespace: "left-out",
      }));
      build.onLoad({ filter: /.*/, namespace: "left-out" }, ({ path }) => ({ contents: stub(path), loader: "js" }));
    },
  };
}

/**
 * A CommonJS module that can be loaded and read from. Whatever is taken from it throws when it is called or constructed,
 * and says so on stderr before: the error alone might be caught and dropped on its way.
 */
export function stub(name: string): string {
  return `
module.exports = new Proxy({}, {
  get(_, property) {
    if (property === "__esModule" || typeof property === "symbol") return undefined;
    return function () {
      const text = ${JSON.stringify(`${name}.`)} + property + ${JSON.stringify(` was called, ${REACHED}`)};
      process.stderr.write(text + "\\n");
      throw new Error(text);
    };
  },
});
`;
}
