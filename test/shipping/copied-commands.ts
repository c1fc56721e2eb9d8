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

/** The shell blocks of a text in Markdown that speak of `word`, as they stand there. */
export function shellBlocks(markdown: string, word: string): readonly string[] {
  const blocks = [...markdown.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = ""]) => block.trim());
  return blocks.filter((block) => block.includes(word));
}

/** Puts a reader's own values in the place of words; throws where one of the words is not there. */
export function fillIn(text: string, values: Readonly<Record<string, string>>): string {
  return Object.entries(values).reduce((filled, [word, value]) => {
    if (!filled.includes(word)) throw new Error(`${word} does not stand in: ${text}`);
    return filled.replaceAll(word, value);
  }, text);
}
