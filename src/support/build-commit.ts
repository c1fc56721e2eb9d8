/** Put in place by the build; unknown to a run from the sources. */
declare const OZ_AGENT_WORKER_COMMIT: string;

/** The commit that a binary was built of, with `-dirty` where files differed from it; `undefined` from the sources. */
export const buildCommit: string | undefined =
  typeof OZ_AGENT_WORKER_COMMIT === "string" ? OZ_AGENT_WORKER_COMMIT : undefined;
