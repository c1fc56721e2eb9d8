import { describe, expect, test } from "bun:test";
import { isOrdinary, saysSecret } from "../../src/task/ordinary-value.ts";

describe("ordinary values", () => {
  test.each(
    `true FALSE on off yes no 1 -3 0.75 50% 8080 v1.2.3 1.22.0-rc.1 512MiB 2g 30s 1h30m production staging development test
    debug WARN en_US.UTF-8 C.UTF-8 de_DE@euro de-CH UTC Europe/Berlin America/Argentina/Buenos_Aires Etc/GMT+1
    eu-central-1 us-gov-west-1 ap-northeast-2a europe-west1-b westeurope eastus2 localhost localhost:5432
    http://127.0.0.1:3000/ xterm-256color noninteractive postgresql /usr/bin /usr/local/bin:/usr/bin:/bin /workspace
    /home/agent/.cache/pip @modelcontextprotocol/server-github @scope/name@latest`.split(/\s+/),
  )("%s says nothing", (value) => {
    expect(isOrdinary(value)).toBe(true);
    expect(isOrdinary(` ${value}\n`)).toBe(true);
  });

  test.each([
    "hunter2-secret",
    "production1",
    "truetrue",
    "ghp_0123456789abcdef",
    "/9j4AAQSkZJRgABAQ",
    "/usr/bin:/9j4AAQ",
    "AKIAIOSFODNN7EXAMPLE",
    "europe/aB3dE5gH7jK9mN1pQ3rS5",
    "1.2.3.4.5.6",
    "0123abcd",
    "https://hooks.example.com/services/T0/B0/x",
    "correct horse battery",
    `/usr/${"x".repeat(2_000)}`,
  ])("%j may be a secret", (value) => {
    expect(isOrdinary(value)).toBe(false);
  });

  test("are judged in linear time", () => {
    const startedAt = performance.now();
    for (const text of ["/usr", ":", "a-", "1.", "1h", "northnorth", "/usr/a"]) isOrdinary(text.repeat(200));
    expect(performance.now() - startedAt).toBeLessThan(1_000);
  });
});

describe("names", () => {
  test.each(
    `TOKEN GITHUB_TOKEN npmToken NPM_AUTH PGPASSWORD MYSQL_PWD DB_PASS api-key apiKey APIKEY X-Api-Key Authorization
    AWS_SECRET_ACCESS_KEY SSH_PRIVATE_KEY credentials GH_PAT SENTRY_DSN session_cookie --signing-key clientSecret`.split(
      /\s+/,
    ),
  )("%s says that its value is a secret", (name) => {
    expect(saysSecret(name)).toBe(true);
  });

  test.each(
    "NODE_ENV PATH MAX_TOKENS TOKENIZER GIT_AUTHOR_NAME MONKEY KEYBOARD compass --model url command".split(" "),
  )("%s does not", (name) => {
    expect(saysSecret(name)).toBe(false);
  });
});
