import { checkSettingsFile } from "../config/check-settings-file.ts";
import { shownTime } from "../config/duration.ts";
import { configJsonSchema } from "../config/json-schema.ts";
import { SETTING_NAMES } from "../config/reload.ts";
import { resolveSettings, type Settings } from "../config/resolve.ts";
import type { WorkerConfig } from "../config/worker-config.ts";
import { escapeUnprintable } from "../support/printable.ts";
import { JSON_FLAG } from "./ask.ts";
import { refuse } from "./command.ts";
import { define } from "./define.ts";
import { type Flags, HELP_FLAG } from "./flag.ts";
import { table } from "./table.ts";
import { usage } from "./usage.ts";

const check = define({
  meta: { name: "check", description: "say what is wrong with a config file, all of it at once" },
  args: { help: HELP_FLAG },
  operands: [{ name: "FILE", takes: "the path of a YAML file", description: "the config file" }],
  help: {
    synopsis: "FILE",
    about: ["It needs no API key and no worker id, and contacts nothing."],
    exitCodes: [
      [0, "it can be used"],
      [2, "it cannot; a line for each problem"],
    ],
  },
  run(values, around) {
    const file = values.FILE?.[0] ?? "";
    const checked = checkSettingsFile(file, around.env, around.readFile);
    if (checked.kind === "problems") return refuse(checked.lines, around);
    for (const notice of checked.notices) around.stderr(`${notice}\n`);
    around.stdout(`${escapeUnprintable(file)}: ok\n`);
    return 0;
  },
});

const schema = define({
  meta: { name: "schema", description: "print the config file's JSON Schema, for editors" },
  args: { help: HELP_FLAG },
  help: {
    synopsis: "",
    examples: [
      [
        "An editor with a YAML language server completes and checks a file that begins so",
        ["# yaml-language-server: $schema=./oz-agent-worker.schema.json"],
      ],
    ],
    exitCodes: [
      [0, "printed"],
      [2, "bad flags"],
    ],
  },
  run(_, around) {
    around.stdout(`${JSON.stringify(configJsonSchema(), undefined, 2)}\n`);
    return 0;
  },
});

/** The settings that are in force with the worker's own flags, and where each comes from. */
function showWith(flags: Flags) {
  return define({
    meta: { name: "show", description: "what is in force, and where each value comes from" },
    args: { ...flags, json: JSON_FLAG },
    help: {
      synopsis: "[the worker's flags] [--json]",
      about: ["Secrets are shown as [set]: the API key, and the values of variables."],
      exitCodes: [
        [0, "shown; what is missing is said"],
        [2, "bad flags or config file"],
      ],
    },
    run(values, around) {
      const resolved = resolveSettings(values, around.env, around.readFile);
      if (resolved.kind === "problems") return refuse(resolved.lines, around);
      for (const line of [...resolved.notices, ...resolved.missing]) around.stderr(`${line}\n`);
      const shown = shownSettings(resolved);
      if (values.json?.at(-1) === "true") around.stdout(`${JSON.stringify(shown, undefined, 2)}\n`);
      else {
        const rows = shown.map(({ setting, value, origin }) => [setting, textOf(value), origin].map(escapeUnprintable));
        around.stdout(table(["SETTING", "VALUE", "FROM"], rows));
      }
      return 0;
    },
  });
}

interface ShownSetting {
  readonly setting: string;
  readonly value: string | number | boolean | null | readonly string[];
  readonly origin: string;
}

const TIMES: readonly string[] = ["keepFailedMs", "drainTimeoutMs", "exitWhenIdleMs", "maxUptimeMs"];

function shownSettings({ settings, origins }: Extract<Settings, { kind: "settings" }>): readonly ShownSetting[] {
  const all: Partial<WorkerConfig> = settings;
  return Object.entries(SETTING_NAMES).map(([key, setting]) => {
    const value: unknown = Object.hasOwn(all, key) ? Reflect.get(all, key) : undefined;
    const origin: unknown = Reflect.get(origins, key);
    return { setting, value: shownValue(key, value), origin: typeof origin === "string" ? origin : "default" };
  });
}

function shownValue(key: string, value: unknown): ShownSetting["value"] {
  if (value === undefined || value === null) return null;
  if (key === "apiKey") return "[set]";
  if (typeof value === "number") return TIMES.includes(key) ? shownTime(value) : value;
  // What stands behind a question mark may be a token.
  if (typeof value === "string") return key.endsWith("Url") ? value.replace(/\?.*$/s, "?[set]") : value;
  if (typeof value === "boolean") return value;
  const items: readonly unknown[] = Array.isArray(value) ? value : [];
  return items.map((item) =>
    typeof item === "object" && item !== null && "name" in item ? `${String(item.name)}=[set]` : String(item),
  );
}

function textOf(value: ShownSetting["value"]): string {
  if (value === null) return "-";
  if (typeof value !== "object") return String(value);
  return value.length === 0 ? "-" : value.join(" ");
}

/** What has to do with the config file; `flags` are the worker's own. */
export function configCommand(flags: Flags) {
  const subCommands = { check, show: showWith(flags), schema };
  return define({
    meta: { name: "config", description: "check the config file, show what is in force, print the file's schema" },
    args: { help: HELP_FLAG },
    subCommands,
    help: {
      synopsis: "COMMAND",
      exitCodes: [
        [0, "done"],
        [2, "bad flags, no command, or a file that cannot be used"],
      ],
    },
    run(_, around) {
      around.stderr(usage({ command: configCommand(flags), title: "oz-agent-worker config", rest: [] }));
      return 2;
    },
  });
}
