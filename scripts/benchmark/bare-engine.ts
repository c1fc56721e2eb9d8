import { Agent, request as httpRequest, type IncomingMessage, type RequestOptions } from "node:http";
import * as v from "valibot";

const WithId = v.object({ Id: v.string() });
const Waited = v.object({ StatusCode: v.number() });
const Labelled = v.object({ Id: v.string(), Labels: v.nullable(v.record(v.string(), v.string())) });
const Containers = v.array(Labelled);

/**
 * The Docker Engine API with nothing around it: the floor that the worker is measured against. One client with
 * connections that stay open; every failure throws.
 */
export class BareEngine {
  readonly #socketPath: string;
  readonly #agent = new Agent({ keepAlive: true });

  constructor(socketPath: string) {
    this.#socketPath = socketPath;
  }

  /** Creates a container and answers its id. */
  async create(body: object, name?: string): Promise<string> {
    const query = name === undefined ? "" : `?name=${name}`;
    return v.parse(WithId, await this.#json("POST", `/containers/create${query}`, body)).Id;
  }

  async start(id: string): Promise<void> {
    await this.#json("POST", `/containers/${id}/start`);
  }

  /** Waits for a container's end and answers its exit code. */
  async wait(id: string): Promise<number> {
    return v.parse(Waited, await this.#json("POST", `/containers/${id}/wait`)).StatusCode;
  }

  /**
   * What a task is to Docker: a container from its creation to its end. Answers its id; it must end with 0. It is not
   * started before what is done beside its creation.
   */
  async run(body: object, beside: () => Promise<unknown> = async () => {}): Promise<string> {
    const [id] = await Promise.all([this.create(body), beside()]);
    await this.start(id);
    const code = await this.wait(id);
    if (code !== 0) throw new Error(`the bare container ended with exit code ${code}`);
    return id;
  }

  async remove(id: string): Promise<void> {
    await this.#json("DELETE", `/containers/${id}?force=true&v=true`);
  }

  async createVolume(name: string, labels: Readonly<Record<string, string>>): Promise<void> {
    await this.#json("POST", "/volumes/create", { Name: name, Labels: labels });
  }

  async removeVolume(name: string): Promise<void> {
    await this.#json("DELETE", `/volumes/${name}`);
  }

  /** Containers in every state that carry that label (`name` or `name=value`). */
  async containersWith(label: string): Promise<readonly { readonly id: string; label(name: string): string }[]> {
    const filters = encodeURIComponent(JSON.stringify({ label: [label] }));
    const answer = v.parse(Containers, await this.#json("GET", `/containers/json?all=true&filters=${filters}`));
    return answer.map(({ Id, Labels }) => ({ id: Id, label: (name) => Labels?.[name] ?? "" }));
  }

  /** The id of an image that is here. */
  async imageId(reference: string): Promise<string> {
    return v.parse(WithId, await this.#json("GET", `/images/${reference}/json`)).Id;
  }

  /** Pulls `NAME:TAG` and reads the progress to its end. */
  async pull(reference: string): Promise<void> {
    const tagAt = reference.lastIndexOf(":");
    const name = encodeURIComponent(reference.slice(0, tagAt));
    const answer = await this.#send("POST", `/images/create?fromImage=${name}&tag=${reference.slice(tagAt + 1)}`);
    const text = await readText(answer);
    if (text.includes('"errorDetail"')) throw new Error(`the bare pull of ${reference} failed: ${text}`);
  }

  /** Unpacks the whole file system of one container into a folder of another: an export piped into an archive PUT. */
  async copy(source: string, target: string, folder: string): Promise<void> {
    const archive = await this.#send("GET", `/containers/${source}/export`);
    const path = `/containers/${target}/archive?path=${encodeURIComponent(folder)}`;
    await readText(await this.#send("PUT", path, archive));
  }

  close(): void {
    this.#agent.destroy();
  }

  async #json(method: string, path: string, body?: object): Promise<unknown> {
    const text = await readText(await this.#send(method, path, body === undefined ? undefined : JSON.stringify(body)));
    return text === "" ? undefined : JSON.parse(text);
  }

  async #send(method: string, path: string, body?: string | IncomingMessage): Promise<IncomingMessage> {
    const headers: Record<string, string | number> = {};
    if (typeof body === "string") {
      headers["Content-Type"] = "application/json";
      headers["Content-Length"] = Buffer.byteLength(body);
    } else if (body !== undefined) {
      headers["Content-Type"] = "application/x-tar";
      headers["Transfer-Encoding"] = "chunked";
    }
    const options = { socketPath: this.#socketPath, path: `/v1.41${path}`, method, headers, agent: this.#agent };
    const answer = await exchange(options, body);
    const status = answer.statusCode ?? 0;
    if (status >= 300 && status !== 304) throw new Error(`${method} ${path}: ${status} ${await readText(answer)}`);
    return answer;
  }
}

function exchange(options: RequestOptions, body: string | IncomingMessage | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(options, resolve);
    request.on("error", reject);
    if (body === undefined || typeof body === "string") request.end(body);
    else body.pipe(request);
  });
}

function readText(answer: IncomingMessage): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    answer.setEncoding("utf8");
    answer.on("data", (chunk: string) => {
      text += chunk;
    });
    answer.on("end", () => resolve(text));
    answer.on("error", reject);
  });
}
