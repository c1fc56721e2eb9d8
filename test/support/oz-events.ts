import { isRecord } from "./json-record.ts";

/** What the stand-in saw or did, in order. `atMs` is milliseconds since the epoch, with fractions. */
export type OzEvent = { readonly atMs: number } & (
  | { readonly kind: "refused"; readonly status: number; readonly workerId: string }
  | { readonly kind: "opened"; readonly link: number; readonly workerId: string }
  | { readonly kind: "closed"; readonly link: number; readonly code: number; readonly reason: string }
  | { readonly kind: "sent"; readonly link: number; readonly type: string; readonly taskId: string }
  | ({ readonly kind: "received" } & Received)
  | { readonly kind: "setup"; readonly event: SetupEventSeen }
  | { readonly kind: "pinged"; readonly link: number; readonly payload: string }
  | { readonly kind: "violation"; readonly problem: string }
);

/** A message of the worker. */
export interface Received {
  readonly link: number;
  /** Counts the messages of all links. */
  readonly number: number;
  readonly atMs: number;
  readonly type: string;
  readonly taskId: string;
  /** Empty where the message has none. */
  readonly executionId: string;
  readonly data: Readonly<Record<string, unknown>>;
  readonly text: string;
}

/** An event of a task's set-up, as the stand-in was told of it. */
export interface SetupEventSeen {
  readonly taskId: string;
  readonly name: string;
  readonly isError: boolean;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Readonly<Record<string, unknown>>;
}

/** What a dial is answered with. */
export type HandshakeAnswer =
  | { readonly kind: "accept" }
  | {
      readonly kind: "refuse";
      readonly status: number;
      readonly body?: string;
      readonly headers?: Readonly<Record<string, string>>;
    }
  | { readonly kind: "accept-then-close"; readonly code: number; readonly reason?: string }
  /** The handshake is never answered. */
  | { readonly kind: "hang" };

export interface OzStandInOptions {
  readonly apiKey?: string;
  readonly workerId?: string;
  /** 0, the default, takes a free port. */
  readonly port?: number;
  /** Serves `wss://` with these PEM texts. */
  readonly tls?: { readonly cert: string; readonly key: string };
  /** Answers a set-up event in another way than with 204; it is not in the record then. */
  readonly onSetupEvent?: (request: Request) => Promise<Response> | Response | undefined;
  /** Told of everything as it happens. */
  readonly onEvent?: (event: OzEvent) => void;
}

export const nowMs = (): number => performance.timeOrigin + performance.now();

/** What an assignment frame says, as far as it can be read: for the books of the stand-in. */
export function readOutgoing(frame: string | Uint8Array): { type: string; taskId: string; executionId: string } {
  const nothing = { type: "raw", taskId: "", executionId: "" };
  if (typeof frame !== "string") return nothing;
  try {
    const parsed: unknown = JSON.parse(frame);
    if (!isRecord(parsed)) return nothing;
    const data = isRecord(parsed.data) ? parsed.data : {};
    const text = (value: unknown) => (typeof value === "string" ? value : "");
    return { type: text(parsed.type) || "raw", taskId: text(data.task_id), executionId: text(data.execution_id) };
  } catch {
    return nothing;
  }
}
