import { chmod } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, type Problem } from "../environment/problem.ts";
import { leaveOut } from "./left-out-modules.ts";
import type { Target } from "./targets.ts";

const ENTRY = join(import.meta.dir, "../../src/main.ts");

export interface CompileRequest {
  readonly target: Target;
  /** The Bun that becomes part of the binary. */
  readonly runtime: string;
  readonly outfile: string;
  readonly commit: string | undefined;
}

/** Makes a binary: bundle and bytecode on top of the runtime. Equal sources and runtimes make equal bytes. */
export async function compile(request: CompileRequest): Promise<Problem | undefined> {
  try {
    const result = await Bun.build({
      entrypoints: [ENTRY],
      target: "bun",
      format: "esm",
      bytecode: true,
      // Names are kept: stack traces of a fault should be worth reporting.
      minify: { whitespace: true, syntax: true, identifiers: false },
      plugins: [leaveOut()],
      define: request.commit === undefined ? {} : { OZ_AGENT_WORKER_COMMIT: JSON.stringify(request.commit) },
      compile: {
        target: request.target.bunTarget,
        executablePath: request.runtime,
        outfile: request.outfile,
        autoloadDotenv: false,
        autoloadBunfig: false,
        autoloadTsconfig: false,
        autoloadPackageJson: false,
      },
    });
    if (!result.success) return { problem: failure(request, result.logs.map(String).join("; ")) };
    await chmod(request.outfile, 0o755);
    return undefined;
  } catch (thrown) {
    const reasons = thrown instanceof AggregateError ? thrown.errors.map(messageOf).join("; ") : messageOf(thrown);
    return { problem: failure(request, reasons) };
  }
}

function failure(request: CompileRequest, reason: string): string {
  return `the binary for linux/${request.target.architecture} cannot be built: ${reason}`;
}
