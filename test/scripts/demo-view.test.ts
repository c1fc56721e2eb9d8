import { describe, expect, test } from "bun:test";
import { layoutHead, layoutRow, MIN_COLUMNS_WIDTH, type Row, wrap } from "../../scripts/demo-view/layout.ts";
import { describeOzEvent } from "../../scripts/demo-view/oz-view.ts";
import { differences, SCENES } from "../../scripts/demo-view/scenes.ts";
import { createScreen } from "../../scripts/demo-view/screen.ts";

describe("wrap", () => {
  test.each([
    ["short", 10, ["short"]],
    ["one two three", 8, ["one two", "  three"]],
    ["abcdefghijkl", 5, ["abcde", "  fgh", "  ijk", "  l"]],
    ["a abcdefghijkl", 6, ["a", "  abcd", "  efgh", "  ijkl"]],
    ["", 5, [""]],
  ] as const)("%p in %p", (text, width, expected) => {
    expect(wrap(text, width)).toEqual([...expected]);
  });

  test("never makes a line too long and loses nothing", () => {
    const text = "received task_failed 127.0.0.1:5000/some/long/image:latest --and --more=arguments exit_code=3";
    for (let width = 4; width < 120; width++) {
      const lines = wrap(text, width);
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(lines.join("").replaceAll(" ", "")).toBe(text.replaceAll(" ", ""));
    }
  });
});

describe("layoutRow", () => {
  const row = (side: Row["side"], text: string): Row => ({ side, atMs: 1234, source: "docker", text });

  test("puts the sides into two columns that stay in their place", () => {
    const long = "word ".repeat(40).trim();
    for (const width of [MIN_COLUMNS_WIDTH, 120, 200]) {
      const lines = [
        ...layoutHead(width),
        ...layoutRow(row("oz", long), width),
        ...layoutRow(row("worker", long), width),
      ];
      expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(width);
      expect(new Set(lines.map((line) => line.search(/[│┼]/))).size).toBe(1);
    }
  });

  test("puts them under each other where it is narrow, with a name for each", () => {
    expect(layoutHead(60)).toEqual([]);
    expect(layoutRow(row("oz", "sent"), 60)).toEqual(["  1.23s oz      sent"]);
    expect(layoutRow(row("worker", "image pulled"), 60)).toEqual(["  1.23s docker  image pulled"]);
    const lines = layoutRow(row("worker", "word ".repeat(40).trim()), 60);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(60);
  });
});

test("a screen shows no control characters and no colours that nobody asked for", () => {
  const lines: string[] = [];
  const screen = createScreen({
    write: (line) => lines.push(line),
    width: () => 60,
    colours: false,
    now: () => 0,
    leaveOut: "oz-demo-1-",
  });
  screen.worker("agent", "\x1b[2J oz-demo-1-agent");
  screen.line("fine", "good");
  expect(lines).toEqual(["  0.00s agent   \\u001b[2J agent", "fine"]);
});

test("a received message is told without the worker's id", () => {
  const data = { task_id: "t", worker_id: "w", exit_code: 3, message: 'a "b"' };
  const event = {
    kind: "received",
    atMs: 0,
    link: 1,
    number: 1,
    type: "task_failed",
    taskId: "t",
    executionId: "",
    data,
    text: "",
  } as const;
  expect(describeOzEvent(event)).toBe(`received task_failed t exit_code=3 message="a \\"b\\""`);
});

test("a result that is not the expected one is told apart", () => {
  const scene = SCENES.find(({ name }) => name === "failure");
  if (scene === undefined) throw new Error("no such scene");
  const data = { task_id: "t", message: "m", failure_reason: "container_exit", exit_code: 3 };
  expect(differences(scene, { type: "task_failed", data })).toEqual([]);
  expect(differences(scene, { type: "task_failed", data: { ...data, exit_code: 4 } })).toEqual([
    "exit_code is 4 instead of 3",
  ]);
  expect(differences(scene, { type: "task_completed", data: {} })).toHaveLength(3);
});
