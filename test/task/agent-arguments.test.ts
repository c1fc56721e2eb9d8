import { describe, expect, test } from "bun:test";
import { buildAgentArguments } from "../../src/task/agent-arguments.ts";
import type { TaskOptions } from "../../src/task/task-options.ts";
import { argumentsOf, assignmentOf, optionsOf, withSnapshot } from "./assignments.ts";

const HEAD = ["--task-id", "task-1", "--sandboxed", "--server-root-url", "https://oz.example"];

describe("the agent's arguments", () => {
  test("everything, in the order of the contract", () => {
    const snapshot = {
      environment_id: "env-1",
      base_prompt: "unused",
      model_id: "auto",
      profile_id: "profile-1",
      skill_spec: "org/repo:skill",
      mcp_servers: { gh: { command: "gh mcp", args: ["-y"] } },
      computer_use_enabled: true,
      computer_use_model_id: "cu-large",
      idle_timeout_minutes: 15,
      harness: { type: "oz" },
      inference_providers: { aws: { disabled: false, role_arn: "arn:role", region: "eu-west-1" } },
      session_sharing: { public_access: "EDITOR" },
      snapshot_disabled: true,
      snapshot_upload_timeout_secs: 60,
      snapshot_script_timeout_secs: 30,
      repository_head_overrides: [{ repo_name: "a b" }, { repo_name: "b" }],
    };
    const assignment = assignmentOf({
      task: { id: "task-1", owner: { Type: "TEAM", Id: 1 }, agent_config_snapshot: snapshot },
      additional_oz_args: ["--conversation", "two words", "--skip-initial-turn"],
    });
    const options = optionsOf({ idleOnComplete: "5m", sessionSharingServerUrl: "wss://share.example" });
    expect(argumentsOf(assignment, options)).toEqual([
      ...["agent", "run", "--share", "team:edit", ...HEAD],
      ...["--model", "auto", "--profile", "profile-1", "--skill", "org/repo:skill"],
      ...["--mcp", '{"gh":{"command":"gh mcp","args":["-y"]}}', "--computer-use"],
      ...["--computer-use-model", "cu-large"],
      ...["--bedrock-inference-role", "arn:role", "--bedrock-role-region", "eu-west-1"],
      ...["--harness", "oz", "--share", "public:edit", "--no-snapshot"],
      ...["--snapshot-upload-timeout", "60s", "--snapshot-script-timeout", "30s", "--environment", "env-1"],
      ...["--repository-head-override-json", '{"repo_name":"a b"}', "--repository-head-override-json"],
      ...['{"repo_name":"b"}', "--remove-repository-origins"],
      ...["--conversation", "two words", "--skip-initial-turn", "--idle-on-complete", "15m"],
      ...["--session-sharing-server-url", "wss://share.example"],
    ]);
  });

  const tasks: readonly [string, object, readonly string[]][] = [
    ["without a snapshot nothing of it, computer use included", {}, HEAD],
    ["a user's task is not shared with the team", { owner: { Type: "USER" } }, HEAD],
    ["an unknown owner's neither", { owner: { Type: "team" } }, HEAD],
    ["a team's task is", { owner: { Type: "TEAM" } }, ["--share", "team:edit", ...HEAD]],
    [
      "a task without an id of its own has the run's",
      { id: " " },
      ["--task-id", "run-1", "--sandboxed", "--server-root-url", "https://oz.example"],
    ],
  ];
  test.each(tasks)("%s", (_name, task, expected) => {
    const assignment = assignmentOf({ task: { id: "task-1", ...task } });
    expect(argumentsOf(assignment, optionsOf())).toEqual(["agent", "run", ...expected, "--idle-on-complete"]);
  });

  /** What stands between the head and `--idle-on-complete`. */
  const ON = "--computer-use";
  const OFF = "--no-computer-use";
  const aws = (fields: object | null) => ({ inference_providers: { aws: fields } });
  const sharing = (access: string | null) => ({ session_sharing: { public_access: access } });
  const snapshots: readonly [object, readonly string[]][] = [
    [{}, [ON]],
    [{ model_id: null, profile_id: "", skill_spec: " \t", environment_id: "\n", harness: null }, [ON]],
    [{ model_id: " auto\n" }, ["--model", "auto", ON]],
    [{ model_id: "auto", harness: {} }, ["--model", "auto", ON]],
    [{ model_id: "auto", harness: { type: "  " } }, ["--model", "auto", ON]],
    [{ model_id: "auto", harness: { type: " oz " } }, ["--model", "auto", ON, "--harness", "oz"]],
    [{ model_id: "auto", harness: { type: "claude" } }, [OFF, "--harness", "claude"]],
    [{ model_id: "auto", harness: { type: "OZ" } }, [OFF, "--harness", "OZ"]],
    [{ profile_id: " p " }, ["--profile", "p", ON]],
    [{ skill_spec: " s t " }, ["--skill", "s t", ON]],
    [{ environment_id: " e " }, [ON, "--environment", "e"]],
    [{ mcp_servers: {} }, [ON]],
    [{ mcp_servers: { a: null } }, ["--mcp", '{"a":null}', ON]],
    [
      { mcp_servers: { 'q"': { x: "a b", n: [1, null, true] } } },
      ["--mcp", '{"q\\"":{"x":"a b","n":[1,null,true]}}', ON],
    ],
    [{ computer_use_enabled: true }, [ON]],
    [{ computer_use_model_id: " cu " }, [ON, "--computer-use-model", "cu"]],
    [{ computer_use_model_id: " " }, [ON]],
    [{ computer_use_enabled: false, computer_use_model_id: "cu" }, [OFF]],
    [{ computer_use_enabled: true, computer_use_model_id: "cu", harness: { type: "x" } }, [ON, "--harness", "x"]],
    [{ repository_head_overrides: [] }, [ON]],
    [
      { repository_head_overrides: [{ "2": 1, "1": null }] },
      [ON, "--repository-head-override-json", '{"1":null,"2":1}', "--remove-repository-origins"],
    ],
    [{ model_id: "-x", profile_id: "--p" }, ["--model=-x", "--profile=--p", ON]],
    [{ computer_use_enabled: false }, [OFF]],
    [{ computer_use_enabled: null }, [ON]],
    [{ computer_use_enabled: false, harness: { type: "oz" } }, [OFF, "--harness", "oz"]],
    [{ computer_use_enabled: true, harness: { type: "codex" } }, [ON, "--harness", "codex"]],
    [aws(null), [ON]],
    [aws({}), [ON]],
    [aws({ role_arn: "r", region: "eu" }), [ON, "--bedrock-inference-role", "r", "--bedrock-role-region", "eu"]],
    [aws({ role_arn: "", region: "eu" }), [ON]],
    [aws({ region: "eu" }), [ON]],
    [aws({ disabled: true, role_arn: "r", region: "eu" }), [ON]],
    [
      aws({ disabled: null, role_arn: " r ", region: " eu " }),
      [ON, "--bedrock-inference-role", "r", "--bedrock-role-region", "eu"],
    ],
    [sharing("VIEWER"), [ON, "--share", "public:view"]],
    [sharing("EDITOR"), [ON, "--share", "public:edit"]],
    [sharing("FULL"), [ON]],
    [sharing("viewer"), [ON]],
    [sharing("constructor"), [ON]],
    [sharing(null), [ON]],
    [{ snapshot_disabled: true }, [ON, "--no-snapshot"]],
    [{ snapshot_disabled: false }, [ON]],
    [{ snapshot_upload_timeout_secs: 1 }, [ON, "--snapshot-upload-timeout", "1s"]],
    [{ snapshot_upload_timeout_secs: 0, snapshot_script_timeout_secs: -1 }, [ON]],
    [{ snapshot_script_timeout_secs: 90 }, [ON, "--snapshot-script-timeout", "90s"]],
  ];
  test.each(snapshots)("snapshot %j: %j", (snapshot, expected) => {
    expect(argumentsOf(withSnapshot(snapshot), optionsOf())).toEqual([
      ...["agent", "run", ...HEAD, ...expected, "--idle-on-complete"],
    ]);
  });

  const idle: readonly [number | null, Partial<TaskOptions>, readonly string[]][] = [
    [null, {}, ["--idle-on-complete"]],
    [0, {}, ["--idle-on-complete"]],
    [-5, { idleOnComplete: "10m" }, ["--idle-on-complete", "10m"]],
    [0, { idleOnComplete: "0s" }, ["--idle-on-complete", "0s"]],
    [null, { idleOnComplete: " 1h30m " }, ["--idle-on-complete", "1h30m"]],
    [null, { idleOnComplete: " " }, ["--idle-on-complete"]],
    [20, { idleOnComplete: "10m" }, ["--idle-on-complete", "20m"]],
    [null, { sessionSharingServerUrl: "" }, ["--idle-on-complete"]],
    [null, { sessionSharingServerUrl: "wss://s" }, ["--idle-on-complete", "--session-sharing-server-url", "wss://s"]],
  ];
  test.each(idle)("idle minutes %j with options %j: %j", (minutes, options, expected) => {
    const assignment = withSnapshot({ idle_timeout_minutes: minutes });
    expect(argumentsOf(assignment, optionsOf(options)).slice(8)).toEqual([...expected]);
  });

  test("additional arguments stay as they are, blank ones too, and come last but for two", () => {
    const assignment = withSnapshot({}, { additional_oz_args: ["", " x ", "--idle-on-complete", "$(id)", "a\nb"] });
    // No agent reads these, and it is for the one who sent them to say so.
    expect(buildAgentArguments(assignment, optionsOf()).slice(7)).toEqual([
      ...["--computer-use", "", " x ", "--idle-on-complete", "$(id)", "a\nb", "--idle-on-complete"],
    ]);
  });
});
