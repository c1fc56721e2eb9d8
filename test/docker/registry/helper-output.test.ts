import { expect, test } from "bun:test";
import { describeHelperOutput, secretsOfEnvironment } from "../../../src/docker/registry/helper-output.ts";

test.each([
  ["", "", ""],
  ["", "boom\n", "boom"],
  ["said on stdout\n", "", "said on stdout"],
  ["out", "first\nsecond \n\n", "second"],
  ["", "\u001b[31mred\u001b[0m \u0007bell", "red \\u0007bell"],
  [
    "",
    "cannot open /home/runner/.aws/credentials: permission denied",
    "cannot open /home/runner/.aws/credentials: permission denied",
  ],
  ["", "login to https://bob:hunter22@h.example/x failed", "login to https://[redacted]@h.example/x failed"],
  ["", "got Authorization: Bearer abc.def", "got Authorization: [redacted] [redacted]"],
  ["", 'password="open sesame" refused', 'password="[redacted] sesame" refused'],
  ["", "AWS_SECRET_ACCESS_KEY and token=abc123 expired", "AWS_SECRET_ACCESS_KEY and token=[redacted] expired"],
  ["", "session eyJhbGciOiJIUzI1NiIsInR5cCI6 expired", "session [redacted] expired"],
  ["", "known-secret in the text, base64 a25vd24tc2VjcmV0 too", "[redacted] in the text, base64 [redacted] too"],
])("of %p and %p shows %p", (stdout, stderr, shown) => {
  expect(describeHelperOutput(stdout, stderr, ["known-secret"])).toBe(shown);
});

test("what looks like an answer is not shown, and hidden where stderr repeats it", () => {
  const answer = '{"ServerURL":"h","Username":"u","Secret":"swordfish"}';
  expect(describeHelperOutput(answer, "", [])).toBe("");
  expect(describeHelperOutput(answer, "stored swordfish badly", [])).toBe("stored [redacted] badly");
});

test("is one bounded line", () => {
  const shown = describeHelperOutput("", "long words and so on ".repeat(1000), []);
  expect(shown.length).toBeLessThanOrEqual(201);
});

test("values of the environment are secrets, but for those that every shell has", () => {
  const env = { HOME: "/root", PATH: "/bin", XDG_RUNTIME_DIR: "/run", NPM_TOKEN: "abcd", EMPTY: "", NONE: undefined };
  expect(secretsOfEnvironment(env)).toEqual(["abcd"]);
});
