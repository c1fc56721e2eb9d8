import type { DialOptions } from "../control-plane/dial-options.ts";
import { fetchVerified } from "../control-plane/dial-options.ts";
import type { RegistryLogin } from "../docker/registry/registry-auth.ts";
import { isLoopback } from "../support/loopback.ts";

/** What a registry said to a login. `unreached`: nothing was learnt about the login. */
export type LoginAnswer =
  | { readonly kind: "accepted" }
  | { readonly kind: "refused"; readonly status: number }
  | { readonly kind: "not-asked" }
  | { readonly kind: "unreached"; readonly why: string };

export interface LoginTrial {
  /** `docker.io`, or host or host:port. */
  readonly registry: string;
  readonly login: RegistryLogin;
  readonly dialOptions: (url: URL) => DialOptions;
  readonly signal: AbortSignal;
}

const HUB_API = "registry-1.docker.io";

/**
 * Shows a login to its registry, as the "Docker Registry v2 authentication" pages have it: `/v2/` says who is to be asked, and
 * that is asked. A login goes over TLS alone, but for this machine itself. Never rejects.
 */
export async function tryLogin(trial: LoginTrial): Promise<LoginAnswer> {
  const host = trial.registry === "docker.io" ? HUB_API : trial.registry;
  const first = await ask(trial, `https://${host}/v2/`);
  const isHere = URL.canParse(`http://${host}`) && isLoopback(new URL(`http://${host}`).hostname);
  const open = "why" in first && isHere ? await ask(trial, `http://${host}/v2/`) : first;
  if ("why" in open) return { kind: "unreached", why: open.why };
  if (open.status === 200) return { kind: "not-asked" };
  const challenge = open.headers.get("www-authenticate") ?? "";
  if (open.status !== 401) return { kind: "unreached", why: `it answers /v2/ with ${open.status}` };
  const answer = /^bearer/i.test(challenge)
    ? await askTokens(trial, challenge)
    : await ask(trial, open.url, { headers: { Authorization: headerOf(trial.login) } });
  if ("why" in answer) return { kind: "unreached", why: answer.why };
  if (answer.status >= 200 && answer.status < 300) return { kind: "accepted" };
  if (answer.status === 401 || answer.status === 403) return { kind: "refused", status: answer.status };
  return { kind: "unreached", why: `it answers a login with ${answer.status}` };
}

type Answer = Response | { readonly why: string };

function askTokens(trial: LoginTrial, challenge: string): Promise<Answer> {
  const { login } = trial;
  const field = (name: string) => new RegExp(`\\b${name}="([^"]*)"`, "i").exec(challenge)?.[1] ?? "";
  const realm = URL.parse(field("realm"));
  if (realm === null) return Promise.resolve({ why: "it names no place to ask for a token" });
  if (realm.protocol !== "https:" && !isLoopback(realm.hostname)) {
    return Promise.resolve({ why: "it asks for the login without TLS" });
  }
  const service = field("service");
  if (login.kind === "identity-token") {
    const form = { grant_type: "refresh_token", refresh_token: login.token, service, client_id: "oz-agent-worker" };
    return ask(trial, realm.href, { method: "POST", body: new URLSearchParams(form) });
  }
  if (login.kind === "password") {
    realm.searchParams.set("service", service);
    realm.searchParams.set("account", login.username);
    return ask(trial, realm.href, { headers: { Authorization: headerOf(login) } });
  }
  const host = trial.registry === "docker.io" ? HUB_API : trial.registry;
  return ask(trial, `https://${host}/v2/`, { headers: { Authorization: headerOf(login) } });
}

function headerOf(login: RegistryLogin): string {
  if (login.kind !== "password") return `Bearer ${login.token}`;
  return `Basic ${Buffer.from(`${login.username}:${login.password}`, "utf8").toString("base64")}`;
}

async function ask(trial: LoginTrial, url: string, init: RequestInit = {}): Promise<Answer> {
  try {
    const { signal } = trial;
    const response = await fetchVerified(url, { ...init, redirect: "manual", signal }, trial.dialOptions(new URL(url)));
    void response.body?.cancel().catch(() => {});
    return response;
  } catch (error) {
    if (trial.signal.aborted) return { why: "no answer in time" };
    return { why: error instanceof Error && "code" in error ? String(error.code) : "no answer" };
  }
}
