import { SETUP_EVENT_NAMES } from "../wire/sent-messages.ts";
import { isRecord } from "./json-record.ts";
import type { SetupEventSeen } from "./oz-events.ts";

const PATH = /^\/api\/v1\/agent\/runs\/([^/]+)\/client-events$/;
const RFC3339 = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** Whether a request is for the endpoint of set-up events (spec, section 4). */
export function isSetupEvent(request: Request): boolean {
  return PATH.test(new URL(request.url).pathname);
}

/** Reads a set-up event, and names every way in which it is not exactly what the contract says. */
export async function readSetupEvent(
  request: Request,
): Promise<{ readonly seen: SetupEventSeen; readonly problems: readonly string[] }> {
  const taskId = decodeURIComponent(PATH.exec(new URL(request.url).pathname)?.[1] ?? "");
  const headers = Object.fromEntries(request.headers);
  const parsed: unknown = await request.json().catch(() => undefined);
  const body = isRecord(parsed) ? parsed : {};
  const payload = isRecord(body.payload) ? body.payload : {};
  const holds = (value: unknown, pattern: RegExp) => typeof value === "string" && pattern.test(value);
  const { start_ts: start, finish_ts: finish, latency_ms: latency } = payload;
  const checks: Readonly<Record<string, boolean>> = {
    method: request.method === "POST",
    authorization: holds(headers.authorization, /^Bearer \S+$/),
    "x-warp-cloud-agent-id": headers["x-warp-cloud-agent-id"] === taskId.trim(),
    event_uuid: holds(body.event_uuid, UUID),
    event_name: SETUP_EVENT_NAMES.some((name) => name === body.event_name),
    timestamp: holds(body.timestamp, RFC3339),
    "keys of the body": Object.keys(body).sort().join() === "event_name,event_uuid,payload,timestamp",
    "payload.start_ts": holds(start, RFC3339),
    "payload.finish_ts": holds(finish, RFC3339) && Date.parse(String(finish)) >= Date.parse(String(start)),
    "payload.latency_ms": typeof latency === "number" && Number.isInteger(latency) && latency >= 0,
    "payload.is_error": typeof payload.is_error === "boolean",
    "keys of the payload": Object.keys(payload).sort().join() === "finish_ts,is_error,latency_ms,start_ts",
  };
  const wrong = Object.entries(checks).flatMap(([name, isRight]) => (isRight ? [] : [name]));
  const name = String(body.event_name);
  return {
    seen: { taskId, name, isError: payload.is_error === true, headers, body },
    problems: wrong.map((what) => `set-up event ${name} of ${taskId}: bad ${what}`),
  };
}
