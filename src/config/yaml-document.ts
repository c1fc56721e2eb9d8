import {
  type Document,
  type ErrorCode,
  isAlias,
  isMap,
  isNode,
  isScalar,
  isSeq,
  LineCounter,
  parseDocument,
  visit,
  type YAMLError,
} from "yaml";

/** A step is a key of a mapping or an index of a list. */
export type YamlPath = readonly (string | number)[];

/** Both count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

/** What is wrong with the text itself. The message never quotes the text: it may hold secrets. */
export interface YamlProblem {
  readonly place: Place | undefined;
  readonly message: string;
}

/** A text read as one YAML document. */
export interface YamlText {
  /** Plain data; undefined where `problems` keep it from being read at all. */
  readonly data: { readonly value: unknown } | undefined;
  readonly problems: readonly YamlProblem[];
  /** Where the value at `path` stands, or its key; of a path that is not there, the nearest that is. */
  placeOf(path: YamlPath, at: "key" | "value"): Place | undefined;
}

/** More than any hand-written file has; below what makes expanding them slow. */
const MOST_ALIASES = 100;
/** One slip can make a parser stumble on every line after it. */
const MOST_PROBLEMS = 10;

/** The library's messages may quote the text, so its codes get words of our own. */
const MESSAGES: Partial<Record<ErrorCode, string>> = {
  BAD_DQ_ESCAPE: "unknown escape in double quotes; use single quotes or double the backslash",
  BAD_INDENT: "wrong indentation, or a bracket that is not closed",
  BAD_SCALAR_START: "a value that starts with this character must be in quotes",
  BLOCK_AS_IMPLICIT_KEY:
    "a second key on one line, or wrong indentation; a value with a colon and a space must be in quotes",
  BLOCK_IN_FLOW: "a block inside brackets; use one style of list",
  DUPLICATE_KEY: "this key stands twice in its mapping",
  MISSING_CHAR: "a quote, a bracket or a colon is missing",
  MULTILINE_IMPLICIT_KEY: "a key without a colon, or wrong indentation",
  MULTIPLE_DOCS: "a second document starts here; the file takes one",
  NON_STRING_KEY: "a key must be text",
  RESOURCE_EXHAUSTION: "nested too deeply",
  TAB_AS_INDENT: "a tab in the indentation; YAML takes spaces",
  TAG_RESOLVE_FAILED: "a tag (!name) that is not known; a value that starts with ! must be in quotes",
  UNEXPECTED_TOKEN: "something stands where it cannot",
};

/** Reads `text` as YAML 1.2. Whatever is wrong is a problem in the answer; nothing is thrown. */
export function readYaml(text: string): YamlText {
  const lines = new LineCounter();
  const place = (offset: number): Place => {
    const found = lines.linePos(offset);
    return { line: Math.max(1, found.line), column: Math.max(1, found.col) };
  };
  // At log level "silent" the library would not report a second document.
  const document = parseDocument(text, {
    prettyErrors: false,
    lineCounter: lines,
    stringKeys: true,
    logLevel: "error",
  });
  const describe = (error: YAMLError): YamlProblem => ({
    place: place(error.pos[0]),
    message: `not valid YAML: ${MESSAGES[error.code] ?? "something is not as YAML has it"}`,
  });
  const found = [...document.errors, ...document.warnings].map(describe);
  const isBroken = document.errors.some((error) => error.code !== "DUPLICATE_KEY");
  if (!isBroken) found.push(...aliasProblems(document, place));
  const data = isBroken ? undefined : plainData(document);
  if (data === undefined && found.length === 0) {
    found.push({ place: undefined, message: "not valid YAML: its aliases cannot be expanded" });
  }
  return { data, problems: found.slice(0, MOST_PROBLEMS), placeOf: (path, at) => placeIn(document, place, path, at) };
}

function plainData(document: Document): YamlText["data"] {
  try {
    return { value: document.toJS({ maxAliasCount: MOST_ALIASES }) };
  } catch {
    return undefined; // the library throws on aliases that are unknown, circular or explode
  }
}

function aliasProblems(document: Document, place: (offset: number) => Place): YamlProblem[] {
  const problems: YamlProblem[] = [];
  let count = 0;
  visit(document, {
    Alias(_key, alias) {
      const at = alias.range == null ? undefined : place(alias.range[0]);
      count += 1;
      if (count > MOST_ALIASES) {
        problems.push({ place: at, message: `not usable: more than ${MOST_ALIASES} aliases (*name)` });
        return visit.BREAK;
      }
      if (alias.resolve(document) === undefined) {
        const message =
          "not valid YAML: an alias (*name) without its anchor; a value that starts with * must be in quotes";
        problems.push({ place: at, message });
      }
      return undefined;
    },
  });
  return problems;
}

function placeIn(
  document: Document,
  place: (offset: number) => Place,
  path: YamlPath,
  at: "key" | "value",
): Place | undefined {
  let node: unknown = document.contents;
  let offset = isNode(node) ? node.range?.[0] : undefined;
  for (const [index, step] of path.entries()) {
    if (isAlias(node)) node = node.resolve(document);
    let next: unknown;
    if (isMap(node)) {
      const pair = node.items.findLast(({ key }) => isScalar(key) && String(key.value) === String(step));
      const isWanted = at === "key" && index === path.length - 1;
      next = isWanted || pair?.value == null ? pair?.key : pair.value;
    } else if (isSeq(node)) {
      next = node.items[Number(step)];
    }
    if (!isNode(next)) break;
    offset = next.range?.[0] ?? offset;
    node = next;
  }
  return offset === undefined ? undefined : place(offset);
}
