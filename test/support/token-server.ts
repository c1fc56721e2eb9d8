import { createPrivateKey, randomUUID, sign, X509Certificate } from "node:crypto";
import type { Server } from "bun";
import type { ServerCertificate } from "./certificates.ts";

export interface TokenAccount {
  readonly user: string;
  readonly password: string;
  /** What `docker login` is given to keep in place of the password. */
  readonly identityToken: string;
}

export const TOKEN_ISSUER = "oz-test-issuer";
export const TOKEN_SERVICE = "oz-test-registry";

/**
 * Hands out tokens for a registry. Source: distribution's "Docker Registry v2 authentication via central service", its
 * "OAuth2 token authentication" and "Token authentication implementation" (a JWT with the certificate in `x5c`).
 */
export class TokenServer implements AsyncDisposable {
  /** By what each token was asked for, in order: `anonymous`, `password` or `refresh_token`; refusals too. */
  readonly asked: string[] = [];
  /** Answers whoever has no login with 429, as Docker Hub does behind an address that has pulled too much. */
  limitsAnonymous = false;
  /** Who has no login may pull everything; who shows a wrong one is refused all the same. */
  isPublic = false;
  readonly #account: TokenAccount;
  readonly #certificate: ServerCertificate;
  readonly #server: Server<undefined>;

  constructor(account: TokenAccount, certificate: ServerCertificate) {
    this.#account = account;
    this.#certificate = certificate;
    this.#server = Bun.serve({ hostname: "127.0.0.1", port: 0, fetch: (request) => this.#answer(request) });
  }

  /** The setting `auth.token` of a registry that trusts this server; `bundle` is the authority's file. */
  settings(bundle: string): object {
    return { realm: `${this.#server.url}token`, service: TOKEN_SERVICE, issuer: TOKEN_ISSUER, rootcertbundle: bundle };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop(true);
  }

  async #answer(request: Request): Promise<Response> {
    if (request.method === "POST") {
      const form = new URLSearchParams(await request.text());
      this.asked.push(form.get("grant_type") ?? "");
      const { user, password, identityToken } = this.#account;
      const granted =
        form.get("grant_type") === "refresh_token"
          ? form.get("refresh_token") === identityToken
          : form.get("username") === user && form.get("password") === password;
      const told = form.get("refresh_token") ?? form.get("password") ?? "";
      return granted ? this.#grant(form, form.get("access_type") === "offline") : refusal(told);
    }
    const query = new URL(request.url).searchParams;
    const given = /^Basic (.+)$/.exec(request.headers.get("Authorization") ?? "")?.[1];
    this.asked.push(given === undefined ? "anonymous" : "password");
    if (given === undefined) {
      if (this.limitsAnonymous) return limited();
      // As public registries do it: whoever has no login gets a token, be it one that opens nothing.
      return this.isPublic ? this.#grant(query, false) : this.#token([], false);
    }
    const { user, password } = this.#account;
    const pair = Buffer.from(given, "base64").toString("utf8");
    return pair === `${user}:${password}` ? this.#grant(query, query.get("offline_token") === "true") : refusal(pair);
  }

  #grant(asked: URLSearchParams, offline: boolean): Response {
    const access = asked
      .getAll("scope")
      .flatMap((scope) => scope.split(" "))
      .flatMap((scope) => {
        const [, type, name, actions] = /^([a-z]+):(.+):([a-z,*]+)$/.exec(scope) ?? [];
        return name === undefined ? [] : [{ type, name, actions: actions?.split(",") }];
      });
    return this.#token(access, offline);
  }

  #token(access: readonly object[], offline: boolean): Response {
    const now = Math.floor(Date.now() / 1000);
    const { cert, key } = this.#certificate;
    const header = { typ: "JWT", alg: "ES256", x5c: [new X509Certificate(cert).raw.toString("base64")] };
    const claims = {
      iss: TOKEN_ISSUER,
      aud: TOKEN_SERVICE,
      sub: "test",
      iat: now,
      nbf: now - 10,
      exp: now + 300,
      jti: randomUUID(),
      access,
    };
    const encode = (part: object) => Buffer.from(JSON.stringify(part)).toString("base64url");
    const signed = `${encode(header)}.${encode(claims)}`;
    const signature = sign("sha256", Buffer.from(signed), {
      key: createPrivateKey(key),
      dsaEncoding: "ieee-p1363",
    }).toString("base64url");
    const token = `${signed}.${signature}`;
    return Response.json({
      token,
      access_token: token,
      expires_in: 300,
      ...(offline ? { refresh_token: this.#account.identityToken } : {}),
    });
  }
}

function limited(): Response {
  const errors = [{ code: "TOOMANYREQUESTS", message: "You have reached your pull rate limit." }];
  return Response.json({ errors }, { status: 429, headers: { "Retry-After": "3600" } });
}

/** As careless as a server can be: the daemon passes its words on. */
function refusal(login: string): Response {
  return Response.json({ errors: [{ code: "UNAUTHORIZED", message: `wrong login ${login}` }] }, { status: 401 });
}
