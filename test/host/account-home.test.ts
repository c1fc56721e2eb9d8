import { expect, test } from "bun:test";
import { userInfo } from "node:os";
import { accountHome } from "../../src/host/account-home.ts";

const account = () => ({ homedir: "/home/account" });
const nobody = (): never => {
  throw new Error("ENOENT: no such file or directory, uv_os_homedir");
};

test.each([
  ["HOME", { HOME: "/somewhere" }, account, "/somewhere"],
  ["the account's home without HOME", {}, account, "/home/account"],
  ["the account's home where HOME is empty", { HOME: "" }, account, "/home/account"],
  ["none where the account has none", {}, () => ({ homedir: null }), undefined],
  ["none where the account's is empty", {}, () => ({ homedir: "" }), undefined],
  ["none where nobody knows the account", {}, nobody, undefined],
  ["HOME where nobody knows the account", { HOME: "/somewhere" }, nobody, "/somewhere"],
])("%s", (_, env, lookUp, home) => {
  expect(accountHome(env, lookUp)).toBe(home);
});

test("a process without HOME, or with an empty one, has the home that passwd has", async () => {
  const passwd = await Bun.file("/etc/passwd").text();
  const home = passwd
    .split("\n")
    .map((line) => line.split(":"))
    .find(([, , uid]) => uid === String(userInfo().uid))?.[5];
  const script = `import { accountHome } from "${import.meta.dir}/../../src/host/account-home.ts";
console.log(accountHome(process.env));`;
  for (const env of [{}, { HOME: "" }]) {
    const child = Bun.spawn([process.execPath, "-e", script], { env, stdout: "pipe" });
    expect((await new Response(child.stdout).text()).trim()).toBe(home ?? "undefined");
  }
});
