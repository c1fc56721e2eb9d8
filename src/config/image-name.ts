import { type Parsed, parsed, refused } from "./parsed.ts";
import { hasUnprintable } from "./shown.ts";

/** What an image looks like, for error lines. */
export const IMAGE_TAKES = "an image such as mirror.example.com/warp-agent:1";

/** Reads the name of an image, trimmed; whether a registry has it is seen when it is pulled. */
export function parseImageName(text: string): Parsed<string> {
  const image = text.trim();
  if (image === "") return refused(`is blank; it takes ${IMAGE_TAKES}`);
  // What stands before an @ may be a password: neither is shown.
  if (image.includes("://")) return refused(`takes ${IMAGE_TAKES}, without a scheme`);
  if (/^[^/]*@[^/]*\//.test(image)) return refused(`takes ${IMAGE_TAKES}, without a user or password in it`);
  if (/[$%<>{}]/.test(image)) {
    return refused(`takes ${IMAGE_TAKES}; this one holds a variable or a template that nothing has filled in`);
  }
  if (/\s/u.test(image) || hasUnprintable(image)) return refused(`takes ${IMAGE_TAKES}, without white space`);
  if (/[^\w./:@[\]-]/.test(image)) return refused(`takes ${IMAGE_TAKES}, without quotes and other signs in it`);
  return parsed(image);
}
