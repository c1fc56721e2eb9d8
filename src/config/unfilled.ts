/** `${NAME}`, `$(command)`, `{{ name }}` and `<%= name %>` anywhere; `$NAME`, `$env:NAME`, `%NAME%` and `<name>` as the whole. */
const UNFILLED = /\$[{(]|\{\{|<%|^\$(?:[Ee]nv:)?[A-Za-z_]\w*$|^%[A-Za-z_]\w*%$|^<.*>$/;

/** True if `text` holds a variable or a template that a shell or a tool should have filled in and has not. */
export function isUnfilled(text: string): boolean {
  return UNFILLED.test(text);
}

const QUOTES = "[\"'`´\\p{Pi}\\p{Pf}„‚＂＇]";
const OPENING = new RegExp(`^\\\\?${QUOTES}`, "u");
const CLOSING = new RegExp(`\\\\?${QUOTES}$`, "u");

/** `text` without the quotes around it, of any kind and on either side. */
export function withoutQuotes(text: string): string {
  return text.replace(OPENING, "").replace(CLOSING, "");
}
