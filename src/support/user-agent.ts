import { version } from "../../package.json";

/** How this program names itself to servers. */
export const USER_AGENT = `oz-agent-worker/${version}`;
