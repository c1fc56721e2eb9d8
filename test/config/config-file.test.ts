import { describe, expect, test } from "bun:test";
import { readConfigFile } from "../../src/config/config-file.ts";

function read(text: string | Uint8Array, backendIsChosen = false) {
  const bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  return readConfigFile("w.yaml", { backendIsChosen }, () => ({ kind: "content", bytes }));
}

function lines(text: string | Uint8Array, backendIsChosen = false): readonly string[] {
  const result = read(text, backendIsChosen);
  return result.kind === "problems" ? result.lines : [];
}

describe("a file without anything to say is fine", () => {
  const empty = [
    "",
    "\n",
    "# nothing\n",
    "---\n",
    "{}",
    "null",
    "\uFEFF",
    "backend:\n",
    "backend: {docker: }",
    "worker_id:\nbackend:\n  docker:\n    volumes:\n    environment:\n",
  ];
  test.each(empty)("%j", (text) => {
    expect(read(text)).toMatchObject({ kind: "file", notices: [] });
  });
});

test("a log level in any case, and a duration that becomes its plain form", () => {
  expect(read("log_level: WARN\nidle_on_complete: 90 min\n")).toMatchObject({
    kind: "file",
    file: { log_level: "warn", idle_on_complete: "1h30m" },
  });
});

test("a byte order mark, CRLF, anchors and aliases are read", () => {
  const text =
    "\uFEFFworker_id: &id a\r\nlog_level: warn\r\ncleanup: false\r\nbackend:\r\n  docker:\r\n    environment: [{name: X, value: *id}]\r\n";
  expect(read(text)).toMatchObject({
    kind: "file",
    file: {
      worker_id: "a",
      log_level: "warn",
      cleanup: false,
      backend: { docker: { environment: [{ name: "X", value: "a" }] } },
    },
  });
});

describe("each problem has its place, its path and what the key takes", () => {
  const table: [text: string, line: string][] = [
    ["- a", "w.yaml:1:1: takes a mapping (key: value), not a list"],
    ["worker_id", "w.yaml:1:1: takes a mapping (key: value), not text"],
    ["42", "w.yaml:1:1: takes a mapping (key: value), not a number"],
    ["worker-id: a", "w.yaml:1:1: worker-id: unknown key, did you mean worker_id?"],
    ["x: 1", "w.yaml:1:1: x: unknown key; known here: worker_id, log_level"],
    ["__proto__: {worker_id: a}", "w.yaml:1:1: __proto__: unknown key"],
    ["constructor: 1", "w.yaml:1:1: constructor: unknown key"],
    ['"a b.c": 1', 'w.yaml:1:1: "a b.c": unknown key'],
    ["docker: {}", "w.yaml:1:1: docker: unknown key here; it belongs at backend.docker"],
    ["volumes: []", "it belongs at backend.docker.volumes"],
    ["kubernetes: {}", "kubernetes: unknown key here; kubernetes is another backend"],
    ["api_key: hunter2", "w.yaml:1:1: api_key: the API key is never read from the file"],
    ["apiKey: hunter2", "apiKey: the API key is never read from the file"],
    ["WARP_API_KEY: hunter2", "WARP_API_KEY: the API key is never read from the file"],
    [
      "worker_id: 12",
      "w.yaml:1:12: worker_id: takes a name that tasks are routed by, such as prod-runner-1, not a number; put it in quotes",
    ],
    ["worker_id: ''", "worker_id: is blank"],
    [
      "worker_id: warp-7",
      "worker_id: takes a name that tasks are routed by, such as prod-runner-1; names that start with warp are reserved",
    ],
    ["log_level: loud", 'log_level: takes debug, info, warn or error; got "loud"'],
    ["cleanup: yes", "cleanup: takes true or false without quotes, not text"],
    ["max_concurrent_tasks: -1", "max_concurrent_tasks: takes a whole number"],
    ["max_concurrent_tasks: 1.5", "max_concurrent_tasks: takes a whole number"],
    ["max_concurrent_tasks: .inf", "max_concurrent_tasks: takes a whole number"],
    ["max_concurrent_tasks: .nan", "max_concurrent_tasks: takes a whole number"],
    [
      "max_concurrent_tasks: '4'",
      "max_concurrent_tasks: takes a whole number, 0 (unlimited) or more, without quotes, not text",
    ],
    ["max_concurrent_tasks: 99999999999", "at most 2147483647"],
    ["idle_on_complete: 10", "idle_on_complete: takes a duration such as 45m, 1h30m or 0s in quotes, not a number"],
    ["idle_on_complete: 10x", 'idle_on_complete: takes a duration such as 45m, 1h30m or 0s; got "10x"'],
    ["backend: docker", "w.yaml:1:10: backend: takes a mapping (key: value), not text"],
    ["backend: [docker]", "backend: takes a mapping (key: value), not a list"],
    ["backend: {podman: {}}", "backend.podman: unknown key; known here: docker"],
    ["backend: {dokcer: {}}", "backend.dokcer: unknown key, did you mean docker?"],
    [
      "backend:\n  kubernetes: {a: 1}",
      "w.yaml:2:3: backend.kubernetes: kubernetes is another backend of the same daemon and is not built here",
    ],
    ["backend: {docker: {}, direct: {}}", "w.yaml:1:1: backend: takes at most one backend, not docker and direct"],
    ["backend: {docker: , command: {}}", "backend: takes at most one backend"],
    [
      "backend: {docker: {images: x}}",
      "unknown key; known here: default_image, sidecar_image, image_pull_policy, volumes, environment, plain_environment",
    ],
    ["backend: {docker: {pull_policy: Always}}", "backend.docker.pull_policy: unknown key"],
    [
      "image_pull_policy: Always",
      "image_pull_policy: unknown key here; it belongs at backend.docker.image_pull_policy",
    ],
    [
      "backend: {docker: {image_pull_policy: always}}",
      'w.yaml:1:39: backend.docker.image_pull_policy: takes Always, IfNotPresent or Never; got "always"; write it exactly so: Always',
    ],
    ["backend: {docker: {image_pull_policy: if-not-present}}", "; write it exactly so: IfNotPresent"],
    ["backend: {docker: {image_pull_policy: ' Never'}}", "; write it exactly so: Never"],
    [
      "backend: {docker: {image_pull_policy: missing}}",
      'backend.docker.image_pull_policy: takes Always, IfNotPresent or Never; got "missing"',
    ],
    ["backend: {docker: {image_pull_policy: ''}}", "image_pull_policy: takes Always, IfNotPresent or Never"],
    ["backend: {docker: {image_pull_policy: [Never]}}", "takes Always, IfNotPresent or Never, not a list"],
    ["backend: {docker: {image_pull_policy: true}}", "takes Always, IfNotPresent or Never, not true or false"],
    ["backend: {docker: {volume: []}}", "did you mean volumes?"],
    ["backend: {docker: {sidecar_image: 5}}", "backend.docker.sidecar_image: takes an image such as"],
    ["backend: {docker: {sidecar_image: ' '}}", "backend.docker.sidecar_image: is blank; it takes an image such as"],
    [
      "backend: {docker: {sidecar_image: 'https://h/x'}}",
      "backend.docker.sidecar_image: takes an image such as mirror.example.com/warp-agent:1, without a scheme",
    ],
    ["backend: {docker: {sidecar_image: 'u:p@h/x'}}", "without a user or password in it"],
    ["backend: {docker: {sidecar_image: 'a b'}}", "without white space"],
    [
      "backend: {docker: {sidecar_image: '$MIRROR/warp-agent:1'}}",
      "a variable or a template that nothing has filled in",
    ],
    [
      "backend: {docker: {sidecar_image: '<mirror>/warp-agent:1'}}",
      "a variable or a template that nothing has filled in",
    ],
    [`backend: {docker: {sidecar_image: '"h/x:1"'}}`, "without quotes and other signs"],
    ["backend: {docker: {volumes: /a:/b}}", "backend.docker.volumes: takes a list of HOST:CONTAINER[:MODE], not text"],
    [
      "backend: {docker: {volumes: [/a]}}",
      'backend.docker.volumes[0]: takes HOST:CONTAINER or HOST:CONTAINER:MODE, such as /opt/cache:/cache:ro; "/a" has no container path',
    ],
    [
      "backend: {docker: {volumes: [/a:/b, /c:/b/]}}",
      "w.yaml:1:37: backend.docker.volumes[1]: mounts /b, and so does volumes[0]",
    ],
    [
      "backend: {docker: {environment: {A: hunter2}}}",
      "backend.docker.environment: takes a list of entries with name and value, not a mapping",
    ],
    [
      "backend: {docker: {environment: [A=hunter2]}}",
      "backend.docker.environment[0]: takes a mapping (key: value), not text",
    ],
    [
      "backend: {docker: {environment: [[hunter2]]}}",
      "backend.docker.environment[0]: takes a mapping (key: value), not a list",
    ],
    [
      "backend: {docker: {environment: [null]}}",
      "backend.docker.environment[0]: takes a mapping (key: value), not nothing",
    ],
    ["backend: {docker: {environment: [{value: hunter2}]}}", "backend.docker.environment[0].name: is missing"],
    ["backend: {docker: {environment: [{name: , value: hunter2}]}}", "backend.docker.environment[0].name: is missing"],
    [
      "backend: {docker: {environment: [{name: '', value: hunter2}]}}",
      "backend.docker.environment[0].name: has an empty key",
    ],
    [
      "backend:\n  docker:\n    environment:\n      - name: A\n      - name: B C\n        value: hunter2",
      "w.yaml:5:15: backend.docker.environment[1].name: has a key with white space",
    ],
    ["backend: {docker: {environment: [{name: A=hunter2}]}}", "backend.docker.environment[0].name: has a key with a ="],
    [
      "backend: {docker: {environment: [{name: A, value: 1234567}]}}",
      "backend.docker.environment[0].value: takes text, not a number; put it in quotes",
    ],
    [
      "backend: {docker: {environment: [{name: A, value: true}]}}",
      "backend.docker.environment[0].value: takes text, not true or false; put it in quotes",
    ],
    [
      'backend: {docker: {environment: [{name: A, value: "hunter2\\0"}]}}',
      "backend.docker.environment[0].value: has a value with a NUL character",
    ],
    [
      "backend: {docker: {environment: [{name: A, val: hunter2}]}}",
      "backend.docker.environment[0].val: unknown key, did you mean value?",
    ],
    [
      "backend: {docker: {environment: [{name: WARP_API_KEY}]}}",
      "backend.docker.environment[0]: would hand the worker's own API key to every task",
    ],
    [
      "backend:\n  docker:\n    environment:\n      - name: A\n      - name: TASK_ID\n        value: hunter2",
      "w.yaml:5:9: backend.docker.environment[1]: would set TASK_ID, which tells each task its own id",
    ],
    ["backend: {docker: {environment: [{name: TASK_ID}]}}", "backend.docker.environment[0]: would set TASK_ID"],
    [
      `backend: {docker: {environment: [{name: BIG, value: ${"x".repeat(131_072)}}]}}`,
      "w.yaml:1:34: backend.docker.environment[0]: would set BIG to more than a process can be given (131077 bytes with its name, at most 131072)",
    ],
    [
      "backend:\n  docker:\n    volumes:\n      - /a:/b\n      - /a:/b/../agent/x:ro",
      'w.yaml:5:9: backend.docker.volumes[1]: cannot be mounted onto or below /agent of the container, where the agent itself is; choose another folder, in "/a:/b/../agent/x:ro"',
    ],
    [
      `worker_id: "prod-\${HOSTNAME}"`,
      `w.yaml:1:12: worker_id: takes a name that tasks are routed by, such as prod-runner-1; "prod-\${HOSTNAME}" holds a variable or a template that nothing has filled in`,
    ],
    [
      "idle_on_complete: 1.5h",
      'w.yaml:1:19: idle_on_complete: takes a duration such as 45m, 1h30m or 0s; write 1h30m in place of "1.5h"',
    ],
    ["idle_on_complete: '0'", 'idle_on_complete: takes a duration such as 45m, 1h30m or 0s; "0" has no unit, write 0s'],
  ];
  test.each(table.map(([text, line]) => [text.slice(0, 120), line, text]))("%j", (_name, line, text) => {
    const found = lines(text);
    expect(found).toEqual([expect.stringContaining(line)]);
    expect(found.join()).not.toMatch(/hunter2|1234567/);
  });
});

describe("text that is not YAML has line and column and is never quoted", () => {
  const table: [text: string, line: string][] = [
    ["worker_id: a\n\tlog_level: x", "w.yaml:2:1: not valid YAML: a tab in the indentation"],
    ["a: [hunter2\nb: c\n", "w.yaml:2:1: not valid YAML: wrong indentation, or a bracket"],
    ['worker_id: "hunter2\n', "not valid YAML: a quote, a bracket or a colon is missing"],
    ["worker_id: a\nworker_id: b\n", "w.yaml:2:1: not valid YAML: this key stands twice"],
    ["worker_id: a\n---\nworker_id: b\n", "w.yaml:2:1: not valid YAML: a second document starts here"],
    ["worker_id: *hunter2", "w.yaml:1:12: not valid YAML: an alias"],
    ["worker_id: !hunter2 x", "w.yaml:1:12: not valid YAML: a tag"],
    ["worker_id: @hunter2", "w.yaml:1:12: not valid YAML: a value that starts with this character"],
    ['worker_id: "\\hunter2"', "w.yaml:1:13: not valid YAML: unknown escape"],
    ["worker_id: hunter2: x", "w.yaml:1:12: not valid YAML: a second key on one line"],
    ["? [hunter2]\n: x", "not valid YAML: a key must be text"],
    ["{".repeat(50_000), "not valid YAML"],
  ];
  test.each(table.map(([text, line]) => [text.slice(0, 40), line, text]))("%j: %s", (_name, line, text) => {
    const found = lines(text);
    expect(found).toContainEqual(expect.stringContaining(line));
    expect(found.join()).not.toContain("hunter2");
    expect(found.length).toBeLessThan(12);
  });

  test("a bomb of aliases is refused at once", () => {
    const levels = Array.from({ length: 12 }, (_, level) => {
      const items = level === 0 ? "x" : Array.from({ length: 9 }, () => `*a${level - 1}`).join(", ");
      return `a${level}: &a${level} [${items}]\n`;
    });
    const start = performance.now();
    expect(lines(levels.join(""))).toContainEqual(expect.stringContaining("aliases"));
    expect(performance.now() - start).toBeLessThan(1000);
  });

  test("aliases that go in circles are refused", () => {
    expect(lines("backend: &a {docker: {volumes: [*a]}}").length).toBeGreaterThan(0);
  });

  test("another encoding is refused", () => {
    expect(lines(new Uint8Array([0xff, 0xfe, 0x61, 0x00]))).toEqual([
      "w.yaml: takes YAML in UTF-8; this is another encoding or no text",
    ]);
  });
});

test("every problem is listed at once, in the order of the file", () => {
  const text = [
    "worker_id: 1\nlog_level: x\nlog_level: y\nbogus: 1\nbackend:\n  docker:\n",
    "    volumes: [/a, /b]\n    environment: [{}, {nam: A}]\n",
  ].join("");
  expect(lines(text).map((line) => line.split(": ").slice(0, 2).join(" "))).toEqual([
    "w.yaml:1:12 worker_id",
    "w.yaml:3:1 not valid YAML",
    "w.yaml:3:12 log_level",
    "w.yaml:4:1 bogus",
    "w.yaml:7:15 backend.docker.volumes[0]",
    "w.yaml:7:19 backend.docker.volumes[1]",
    "w.yaml:8:19 backend.docker.environment[0].name",
    "w.yaml:8:23 backend.docker.environment[1].name",
    "w.yaml:8:24 backend.docker.environment[1].nam",
  ]);
});

test("--backend wins over a section for another backend, with a notice", () => {
  expect(read("backend: {kubernetes: {any: thing}}", true)).toMatchObject({
    kind: "file",
    notices: [expect.stringContaining("backend.kubernetes is left aside")],
  });
  expect(lines("backend: {kubernetes: {}, docker: {}}", true)).toEqual([
    expect.stringContaining("at most one backend"),
  ]);
});
