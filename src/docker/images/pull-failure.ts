import type { ImageReference } from "../registry/image-reference.ts";

/** What an operator can do where a registry denies an image. */
export function loginHint({ registry }: ImageReference, hasLogin: boolean): string {
  const command = registry === "docker.io" ? "`docker login`" : `\`docker login ${registry}\``;
  return hasLogin
    ? `check the image's name, and that the login of the worker's user may pull it: ${command} renews it`
    : `check the image's name, or run ${command} as the worker's user: it has no login for that registry`;
}

/**
 * The engine gives no codes for what a registry said, only its text.
 * Only network trouble is worth another try: everything else would fail the same way.
 */
export function pullFailureKind(message: string): "denied" | "network" | "final" {
  if (/denied|unauthorized|authentication required|no basic auth|forbidden|\b40[13]\b/i.test(message)) return "denied";
  if (/no matching manifest|manifest unknown|not found|invalid reference|no space left/i.test(message)) return "final";
  if (
    /timeout|timed out|deadline|connection (refused|reset)|no such host|context canceled|unexpected EOF|\bEOF\b|TLS handshake|temporary failure|network is unreachable|no route to host|broken pipe|too ?many ?requests|\b(429|50[0234])\b/i.test(
      message,
    )
  ) {
    return "network";
  }
  return "final";
}
