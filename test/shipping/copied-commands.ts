import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The commands of `page-commands.sh` by their names, as they stand there. */
export async function pageCommands(): Promise<ReadonlyMap<string, string>> {
  const text = await readFile(join(import.meta.dir, "page-commands.sh"), "utf8");
  const blocks = text.split(/^## /m).slice(1);
  return new Map(
    blocks.map((block) => {
      const [name = "", ...lines] = block.trim().split("\n");
      return [name, lines.join("\n")];
    }),
  );
}

/** The one shell block of a text in Markdown that holds `words`, as it stands there; throws where there is not one. */
export function shellBlock(markdown: string, words: string): string {
  const blocks = [...markdown.matchAll(/^ *```sh\n(.*?)^ *```$/gms)].map(([, block = ""]) => block.trim());
  const [found, ...more] = blocks.filter((block) => block.includes(words));
  if (found === undefined || more.length > 0) throw new Error(`${more.length + 1} or no blocks hold ${words}`);
  return found;
}

/** Puts a reader's own values in the place of words; throws where one of the words is not there. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filled, [word, value]) => {
    if (!filled.includes(word)) throw new Error(`${word} does not stand in: ${text}`);
    return filled.replaceAll(word, value);
  }, text);
}
