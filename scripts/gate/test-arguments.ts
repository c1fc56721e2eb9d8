/** What the arguments of `bun test` pick. */
export interface TestSelection {
  /** Parts of paths; none means all files. */
  readonly filters: readonly string[];
  readonly pickedByName: boolean;
}

const WITH_VALUE = new Set(["-t", "--test-name-pattern", "--timeout", "--seed", "--retry", "--rerun-each", "--bail"]);

/** Reads arguments as `bun test` does, as far as they pick files and tests. */
export function parseTestArguments(args: readonly string[]): TestSelection {
  const filters: string[] = [];
  let pickedByName = false;
  for (let i = 0; i < args.length; i++) {
    const arg = args[i] ?? "";
    if (/^(-t|--test-name-pattern)(=|$)/.test(arg)) pickedByName = true;
    if (WITH_VALUE.has(arg)) i++;
    else if (!arg.startsWith("-")) filters.push(arg.replace(/^\.\//, ""));
  }
  return { filters, pickedByName };
}

/** The files that a selection covers. */
export function selectFiles(files: readonly string[], selection: TestSelection): readonly string[] {
  if (selection.filters.length === 0) return files;
  return files.filter((file) => selection.filters.some((filter) => file.includes(filter)));
}
