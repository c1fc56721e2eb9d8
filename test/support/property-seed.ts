import fc from "fast-check";

/**
 * Properties are tried on the same values in every run, so that a run which fails is one that can be repeated.
 * `OZ_PROPERTY_SEED` (an integer) has them tried on others.
 */
fc.configureGlobal({ seed: Number(process.env.OZ_PROPERTY_SEED ?? 20_261_126) });
