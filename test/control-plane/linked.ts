import { createOzLink, type LinkState, type OzLink, type OzLinkOptions } from "../../src/control-plane/oz-link.ts";
import type { ServerMessage } from "../../src/protocol/server-message.ts";
import { ManualClock } from "../support/manual-clock.ts";
import { OzStandIn, type OzStandInOptions } from "../support/oz-stand-in.ts";
import { type RecordedLog, recordedLog } from "../support/recorded-log.ts";
import { Relay } from "../support/relay.ts";

export interface Linked extends AsyncDisposable {
  readonly oz: OzStandIn;
  readonly relay: Relay;
  readonly link: OzLink;
  readonly clock: ManualClock;
  readonly log: RecordedLog;
  readonly messages: ServerMessage[];
  readonly states: LinkState[];
}

/** A link on a manual clock, through a relay, to a stand-in of Oz; all of it ends with the test's scope. */
export async function linked(options: Partial<OzLinkOptions> = {}, ozOptions: OzStandInOptions = {}): Promise<Linked> {
  const oz = new OzStandIn(ozOptions);
  const relay = await Relay.start({ port: oz.port });
  const clock = new ManualClock();
  const log = recordedLog();
  const messages: ServerMessage[] = [];
  const states: LinkState[] = [];
  const link = createOzLink({
    url: relay.through(oz.url),
    workerId: oz.workerId,
    apiKey: oz.apiKey,
    log,
    clock,
    random: () => 0.5,
    onMessage: (message) => void messages.push(message),
    onState: (state) => void states.push(state),
    ...options,
  });
  return {
    oz,
    relay,
    link,
    clock,
    log,
    messages,
    states,
    async [Symbol.asyncDispose]() {
      const closed = link.close();
      clock.advance(2_000);
      await closed;
      relay.stop();
      await oz.stop();
    },
  };
}
