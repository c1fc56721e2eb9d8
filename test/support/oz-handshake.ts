import type { HandshakeAnswer } from "./oz-events.ts";

/** The path of the endpoint. */
export const OZ_PATH = "/api/v1/selfhosted/worker/ws";

/** What the contract has a worker say of itself (spec, section 4). */
const CAPABILITIES = "execution-scoped-cancellation-v1";

export type HandshakeDecision =
  | { readonly kind: "upgrade"; readonly workerId: string }
  | { readonly kind: "hang" }
  | { readonly kind: "refuse"; readonly workerId: string; readonly response: Response; readonly isDial: boolean };

/** How the stand-in answers a request: as it was told to, else strictly by path, key and worker id. */
export function decideHandshake(
  request: Request,
  expected: { readonly apiKey: string; readonly workerId: string },
  answer: HandshakeAnswer,
): HandshakeDecision {
  const url = new URL(request.url);
  const workerId = url.searchParams.get("worker_id") ?? "";
  // A plain request asks for the reason of a refusal; it is answered alike and counts as no dial.
  const isDial = request.headers.get("upgrade")?.toLowerCase() === "websocket";
  const refuse = (status: number, body: string, headers: Readonly<Record<string, string>> = {}): HandshakeDecision => ({
    kind: "refuse",
    workerId,
    response: new Response(body, { status, headers }),
    isDial,
  });
  if (answer.kind === "refuse") return refuse(answer.status, answer.body ?? "", answer.headers);
  if (answer.kind === "hang") return { kind: "hang" };
  if (url.pathname !== OZ_PATH) return refuse(404, "no such path");
  if (request.headers.get("authorization") !== `Bearer ${expected.apiKey}`) return refuse(401, "invalid API key");
  if (workerId !== expected.workerId) return refuse(400, "worker_id is not the expected one");
  if (request.headers.get("x-warp-worker-capabilities") !== CAPABILITIES) return refuse(400, "capabilities missing");
  if (!/^oz-agent-worker\/\d+\.\d+/.test(request.headers.get("user-agent") ?? "")) return refuse(400, "no user agent");
  return isDial ? { kind: "upgrade", workerId } : refuse(426, "a WebSocket, please");
}
