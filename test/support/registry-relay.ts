import { Relay } from "./relay.ts";

/** A way to the registry that can be made slow, or broken. */
export interface RegistryRelay {
  readonly relay: Relay;
  /** The same image, by way of the relay. */
  through(reference: string): string;
}

/** The caller stops the relay. */
export async function registryRelay(environment: { readonly registry: string }): Promise<RegistryRelay> {
  const [host = "", port] = environment.registry.split(":");
  const relay = await Relay.start({ host, port: Number(port) });
  return { relay, through: (reference) => reference.replace(environment.registry, `127.0.0.1:${relay.port}`) };
}
