import { describe, expect, test } from "bun:test";
import { createLayerProgress, type ProgressLine } from "../../../src/docker/images/layer-progress.ts";

const line = (status: string, id = "a", current?: number, total?: number): ProgressLine => ({
  status,
  id,
  ...(current === undefined ? {} : { progressDetail: { current, total } }),
});

function taken(...lines: readonly ProgressLine[]) {
  const layers = createLayerProgress();
  const news = lines.map((one) => layers.take(one));
  return { news, described: layers.describe(), isRegistrysTurn: layers.isRegistrysTurn() };
}

describe("how far a pull is", () => {
  const from = line("Pulling from team/app", "latest");
  const fs = [line("Pulling fs layer", "a"), line("Pulling fs layer", "b")];
  const table: readonly (readonly [what: string, lines: readonly ProgressLine[], described: string, turn: boolean])[] =
    [
      ["before the first line", [], "the registry has answered, and no layer has come yet", true],
      ["after the manifest", [from], "the registry has answered, and no layer has come yet", true],
      ["with no layer here", [from, ...fs], "0 of 2 layers downloaded, 0.0 MB", true],
      [
        "with a layer on its way",
        [...fs, line("Downloading", "a", 1_500_000, 4_000_000)],
        "0 of 2 layers downloaded, 1.5 MB",
        true,
      ],
      [
        "with a layer here",
        [...fs, line("Downloading", "a", 1_500_000, 4_000_000), line("Download complete", "a")],
        "1 of 2 layers downloaded, 4.0 MB",
        true,
      ],
      [
        "with a layer that is unpacked while another one waits",
        [...fs, line("Download complete", "a"), line("Extracting", "a", 10, 20)],
        "1 of 2 layers downloaded, 0.0 MB, and the daemon unpacks them",
        false,
      ],
      ["with a layer that was here", [...fs, line("Already exists", "a")], "1 of 2 layers downloaded, 0.0 MB", true],
      [
        "with all layers here",
        [...fs, line("Pull complete", "a"), line("Download complete", "b")],
        "2 of 2 layers downloaded, 0.0 MB, and the daemon unpacks them",
        false,
      ],
      [
        "with all layers done, and perhaps not the image's configuration",
        [...fs, line("Already exists", "a"), line("Pull complete", "b")],
        "2 of 2 layers downloaded, 0.0 MB",
        true,
      ],
      [
        "with all layers kept, and perhaps not unpacked",
        fs.map(({ id }) => line("Already exists", id)),
        "2 of 2 layers downloaded, 0.0 MB, and the daemon unpacks them",
        false,
      ],
      [
        "in the words of other engines",
        [line("Waiting", "a"), line("Pulling layer fs", "a", 2_000_000, 3_000_000)],
        "0 of 1 layers downloaded, 2.0 MB",
        true,
      ],
    ];
  test.each(table)("%s", (_, lines, described, isRegistrysTurn) => {
    expect(taken(...lines)).toMatchObject({ described, isRegistrysTurn });
  });
});

describe("news is", () => {
  test("every step, and every byte", () => {
    const steps = [
      line("Pulling from x", "latest"),
      line("Pulling fs layer"),
      line("Downloading", "a", 1, 9),
      line("Downloading", "a", 2, 9),
      line("Download complete"),
      line("Extracting", "a", 1, 9),
      line("Pull complete"),
      line("Digest: sha256:1", ""),
      line("Status: Downloaded newer image", ""),
    ];
    expect(taken(...steps).news).toEqual(steps.map(() => true));
  });

  test("nothing that an engine repeats while nothing moves, of one layer or of several by turns", () => {
    const [a, b] = [line("Downloading", "a", 1, 9), line("Unheard of", "b")];
    expect(taken(a, b, a, b, a).news).toEqual([true, true, false, false, false]);
  });

  test("no retry that it counts down, and no seconds that pass", () => {
    const seconds = (current: number) => ({ ...line("Extracting", "a"), progressDetail: { current, units: "s" } });
    const retrying = [3, 2, 1].map((left) => line(`Retrying in ${left} seconds`, "a"));
    expect(taken(...retrying, seconds(1), seconds(2)).news).toEqual([false, false, false, true, false]);
  });

  test("nothing beyond what is kept, which has a bound", () => {
    const many = Array.from({ length: 1_100 }, (_, index) => line("Downloading", `layer-${index}`, 1, 2));
    const { news, described } = taken(...many);
    expect(news.filter(Boolean)).toHaveLength(1_000);
    expect(described).toStartWith("0 of 1000 layers");
  });
});
