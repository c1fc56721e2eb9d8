import * as v from "valibot";

const Labels = v.nullish(v.record(v.string(), v.string()), {});

/** `POST /containers/create`. */
export const CreatedContainer = v.object({ Id: v.string(), Warnings: v.nullish(v.array(v.string()), []) });

/** `GET /containers/{id}/json`, as far as it is used. */
export const ContainerDetails = v.object({
  Id: v.string(),
  Name: v.string(),
  Created: v.string(),
  Image: v.string(),
  /** Only where it was asked for. */
  SizeRw: v.optional(v.number()),
  State: v.object({
    Status: v.string(),
    Running: v.boolean(),
    Paused: v.boolean(),
    OOMKilled: v.boolean(),
    ExitCode: v.number(),
    Error: v.optional(v.string(), ""),
    StartedAt: v.string(),
    FinishedAt: v.string(),
  }),
  /** Bytes; 0 is no limit. */
  HostConfig: v.optional(v.object({ Memory: v.optional(v.number(), 0) })),
  Config: v.object({
    Image: v.string(),
    Labels,
    Env: v.nullish(v.array(v.string()), []),
    Cmd: v.nullish(v.array(v.string()), []),
  }),
});
export type ContainerDetails = v.InferOutput<typeof ContainerDetails>;

/** An element of `GET /containers/json`. */
export const ContainerSummary = v.object({
  Id: v.string(),
  // Empty while it is removed.
  Names: v.nullish(v.array(v.string()), []),
  ImageID: v.string(),
  State: v.string(),
  Created: v.number(),
  Labels,
  Mounts: v.nullish(v.array(v.object({ Name: v.optional(v.string()) })), []),
});
export type ContainerSummary = v.InferOutput<typeof ContainerSummary>;

/** A list whose elements are read one by one. */
export const AnyList = v.array(v.unknown());

/** `POST /volumes/create` and `GET /volumes/{name}`. */
export const VolumeDetails = v.object({ Name: v.string(), Labels, CreatedAt: v.optional(v.string()) });
export type VolumeDetails = v.InferOutput<typeof VolumeDetails>;

/** `GET /volumes`. */
export const VolumeList = v.object({
  Volumes: v.nullish(AnyList, []),
});

/** `GET /images/{name}/json`. */
export const ImageDetails = v.object({
  Id: v.string(),
  Os: v.string(),
  Architecture: v.string(),
  RepoTags: v.nullish(v.array(v.string()), []),
  RepoDigests: v.nullish(v.array(v.string()), []),
  Config: v.nullish(v.object({ Volumes: v.nullish(v.record(v.string(), v.unknown()), {}), Labels }), {}),
});
export type ImageDetails = v.InferOutput<typeof ImageDetails>;

/** An element of `GET /images/json`. */
export const ImageSummary = v.object({ Id: v.string(), Labels, RepoTags: v.nullish(v.array(v.string()), []) });
export type ImageSummary = v.InferOutput<typeof ImageSummary>;

/** The last JSON object of `POST /containers/{id}/wait`. */
export const WaitAnswer = v.object({
  StatusCode: v.number(),
  Error: v.optional(v.nullable(v.object({ Message: v.optional(v.string(), "") }))),
});
