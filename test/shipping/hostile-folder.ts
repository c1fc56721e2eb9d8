import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder with a binary, and with everything that could change what a program of this runtime does. */
export interface HostileFolder extends AsyncDisposable {
  readonly path: string;
  readonly binary: string;
  /** A folder beside it with the settings alone, and `plain.ts`, which prints one of them. */
  readonly settings: string;
  /** Whether code of the folder was run. */
  wasRun(): Promise<boolean>;
}

const SETTINGS = `WARP_API_KEY=wk-from-the-folder
DOCKER_HOST=unix:///from/the/folder.sock
BUN_OPTIONS=--preload=./trap.ts
NODE_OPTIONS=--require=./trap.ts
HTTPS_PROXY=http://127.0.0.1:9
HTTP_PROXY=http://127.0.0.1:9
`;

/** Copies the binary into a new folder of that kind. */
export async function hostileFolder(binary: string): Promise<HostileFolder> {
  const base = await mkdtemp(join(tmpdir(), "oz-agent-worker-hostile-"));
  const path = join(base, "hostile");
  const settings = join(base, "settings");
  const mark = join(path, "was-run");
  const trap = `require("node:fs").writeFileSync(${JSON.stringify(mark)}, ""); process.exit(99);\n`;
  const files: Readonly<Record<string, string>> = {
    ".env": SETTINGS,
    ".env.local": SETTINGS,
    ".env.production": SETTINGS,
    "trap.ts": trap,
    "index.ts": trap,
    "node_modules/dockerode/index.js": trap,
    "bunfig.toml": `preload = ["./trap.ts"]\n[test]\npreload = ["./trap.ts"]\n[run]\nbun = true\n`,
    "tsconfig.json": `{"compilerOptions": {"paths": {"*": ["./trap.ts"]}, "baseUrl": "."}}`,
    "package.json": `{"name": "hostile", "version": "6.6.6", "imports": {"#*": "./trap.ts"}, "main": "trap.ts"}`,
  };
  for (const [name, content] of Object.entries(files)) await Bun.write(join(path, name), content);
  const copy = join(path, "oz-agent-worker");
  await copyFile(binary, copy);
  await writeFile(join(path, "plain.ts"), "");
  await Bun.write(join(settings, ".env"), SETTINGS.replaceAll(/^.*OPTIONS=.*\n/gm, ""));
  await writeFile(join(settings, "plain.ts"), "console.log(process.env.WARP_API_KEY);\n");
  return {
    path,
    binary: copy,
    settings,
    async wasRun() {
      const yes = await Bun.file(mark).exists();
      await rm(mark, { force: true });
      return yes;
    },
    async [Symbol.asyncDispose]() {
      await rm(base, { recursive: true });
    },
  };
}
