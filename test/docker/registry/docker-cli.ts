import { type TempFolder, tempFolder } from "./temp-folder.ts";

/** What `docker pull` asked the engine for; `auth` is the decoded X-Registry-Auth. */
export interface PullRequest {
  readonly fromImage: string | null;
  readonly tag: string | null;
  readonly auth: unknown;
}

export interface DockerCli extends AsyncDisposable {
  /** Runs `docker pull` with a config folder and a PATH; undefined where the CLI refused before asking. */
  pull(configFolder: string, path: string, image: string): Promise<PullRequest | undefined>;
  /** Runs `docker login` against a registry that takes any user; answers that registry's host:port. */
  login(configFolder: string, path: string, username: string, password: string): Promise<string>;
}

/** The real Docker CLI between an engine and a registry that only listen. */
export async function dockerCli(): Promise<DockerCli> {
  const home: TempFolder = await tempFolder();
  let seen: PullRequest | undefined;

  const engine = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const url = new URL(request.url);
      if (url.pathname.endsWith("/_ping"))
        return new Response("OK", { headers: { "Api-Version": "1.41", OSType: "linux" } });
      if (url.pathname.endsWith("/info")) return Response.json({ IndexServerAddress: "https://index.docker.io/v1/" });
      if (url.pathname.endsWith("/auth")) return Response.json({ Status: "Login Succeeded", IdentityToken: "" });
      if (url.pathname.endsWith("/images/create")) {
        const header = request.headers.get("x-registry-auth") ?? "";
        seen = {
          fromImage: url.searchParams.get("fromImage"),
          tag: url.searchParams.get("tag"),
          auth: JSON.parse(Buffer.from(header, "base64url").toString("utf8") || "null"),
        };
      }
      return Response.json({});
    },
  });
  const registry = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request) =>
      request.headers.has("authorization")
        ? new Response("{}")
        : new Response("{}", { status: 401, headers: { "WWW-Authenticate": 'Basic realm="test"' } }),
  });

  const run = async (configFolder: string, path: string, args: readonly string[], stdin = "") => {
    const child = Bun.spawn(["docker", "--config", configFolder, "-H", `tcp://127.0.0.1:${engine.port}`, ...args], {
      env: { PATH: `${path}:${process.env.PATH}`, HOME: home.path },
      stdin: Buffer.from(stdin),
      stdout: "ignore",
      stderr: "pipe",
    });
    const [exitCode, stderr] = await Promise.all([child.exited, new Response(child.stderr).text()]);
    return { exitCode, stderr };
  };

  return {
    async pull(configFolder, path, image) {
      seen = undefined;
      await run(configFolder, path, ["pull", "--quiet", "--", image]);
      return seen;
    },
    async login(configFolder, path, username, password) {
      const host = `127.0.0.1:${registry.port}`;
      const { exitCode, stderr } = await run(
        configFolder,
        path,
        ["login", "-u", username, "--password-stdin", host],
        password,
      );
      if (exitCode !== 0) throw new Error(`docker login failed: ${stderr}`);
      return host;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([engine.stop(true), registry.stop(true), home[Symbol.asyncDispose]()]);
    },
  };
}
