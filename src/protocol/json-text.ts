/*
 * What JSON text says word for word. A parsed value has lost some of it: the order of keys that look like numbers, figures
 * that a double cannot hold. Every text here has been parsed before, so that its grammar is not looked at again.
 */

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const SPACE = /[ \t\n\r]*/y;

function afterSpace(text: string, at: number): number {
  SPACE.lastIndex = at;
  SPACE.test(text);
  return SPACE.lastIndex;
}

/** The place behind the string that begins at `at`. */
function afterString(text: string, at: number): number {
  for (let place = at + 1; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === BACKSLASH) place++;
    else if (code === QUOTE) return place + 1;
  }
  return text.length;
}

/** The place behind the value that begins at `at`, however deep it is. */
function afterValue(text: string, at: number): number {
  let depth = 0;
  let place = at;
  while (place < text.length) {
    const character = text[place];
    if (character === '"') {
      place = afterString(text, place);
      if (depth === 0) return place;
      continue;
    }
    if (depth === 0 && place > at && (character === "," || character === "}" || character === "]")) return place;
    if (character === "{" || character === "[") depth++;
    else if (character === "}" || character === "]") depth--;
    place++;
    if (depth === 0 && (character === "}" || character === "]")) return place;
  }
  return place;
}

/** The texts of an object's members by their keys; of several of one name the last counts, as for `JSON.parse`. */
function membersOf(text: string): ReadonlyMap<string, string> {
  const members = new Map<string, string>();
  let place = afterSpace(text, 1);
  while (text[place] === '"') {
    const keyEnd = afterString(text, place);
    const key: unknown = JSON.parse(text.slice(place, keyEnd));
    const from = afterSpace(text, afterSpace(text, keyEnd) + 1);
    const to = afterValue(text, from);
    members.set(String(key), text.slice(from, to).trim());
    place = afterSpace(text, to);
    if (text[place] === ",") place = afterSpace(text, place + 1);
  }
  return members;
}

/** The text of the value that `path` leads to from an object; `undefined` where it leads to nothing. */
export function jsonTextAt(text: string, path: readonly string[]): string | undefined {
  let found: string | undefined = text.trim();
  for (const key of path) {
    if (found?.[0] !== "{") return undefined;
    found = membersOf(found).get(key);
  }
  return found;
}

/** The texts of a list's elements. */
export function jsonElements(text: string): readonly string[] {
  const elements: string[] = [];
  let place = afterSpace(text, 1);
  while (place < text.length && text[place] !== "]") {
    const to = afterValue(text, place);
    elements.push(text.slice(place, to).trim());
    place = afterSpace(text, to);
    if (text[place] === ",") place = afterSpace(text, place + 1);
  }
  return elements;
}

/** The text without the white space between its parts. */
export function compactJson(text: string): string {
  const parts: string[] = [];
  for (let place = afterSpace(text, 0); place < text.length; place = afterSpace(text, place)) {
    const from = place;
    while (place < text.length && !isSpace(text.charCodeAt(place))) {
      place = text.charCodeAt(place) === QUOTE ? afterString(text, place) : place + 1;
    }
    parts.push(text.slice(from, place));
  }
  return parts.join("");
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** Whether lists and objects lie in each other at most `max` deep; of any text, before it is parsed. */
export function isNestedAtMost(text: string, max: number): boolean {
  let depth = 0;
  for (let place = 0; place < text.length; place++) {
    const code = text.charCodeAt(place);
    if (code === QUOTE) place = afterString(text, place) - 1;
    else if (code === 0x5b || code === 0x7b) {
      if (++depth > max) return false;
    } else if (code === 0x5d || code === 0x7d) depth--;
  }
  return true;
}
