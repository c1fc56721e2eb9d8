import { type Outcome, play } from "./demo-view/play.ts";
import { stdoutScreen } from "./demo-view/screen.ts";
import { catchInterruption } from "./environment/interruption.ts";
import { isProblem, messageOf } from "./environment/problem.ts";
import { startEnvironment } from "./environment/start-environment.ts";

const USAGE = `usage: scripts/demo

Shows the worker at work: a success, a failing task, a cancelled one and a shutdown, in under a minute, with a local stand-in
for Oz. It takes no flags, and installs what is missing (as root, by apt-get).`;

async function main(): Promise<number> {
  const [word] = process.argv.slice(2);
  if (word !== undefined) {
    console.error(USAGE);
    return ["--help", "-h"].includes(word) ? 0 : 2;
  }
  const interruption = catchInterruption();
  const environment = await startEnvironment("demo", (line) => console.error(line));
  if (isProblem(environment)) {
    console.error(environment.problem);
    return 1;
  }
  const screen = stdoutScreen(environment.run);
  const outcomes: Outcome[] = [];
  const stack = new AsyncDisposableStack();
  try {
    outcomes.push(
      ...(await Promise.race([play(environment, screen, stack, interruption), rejectOnAbort(interruption)])),
    );
  } catch (thrown) {
    outcomes.push({ name: "demo", text: messageOf(thrown), asExpected: false });
  } finally {
    await stack.disposeAsync();
    for (const failure of await environment.stop()) {
      outcomes.push({ name: "tidying up", text: `cannot be removed: ${failure}`, asExpected: false });
    }
  }
  if (interruption.aborted) {
    console.error("Interrupted; everything of this run is removed");
    return 130;
  }
  screen.heading("Summary");
  for (const { name, text, asExpected } of outcomes) {
    const verdict = asExpected ? "as expected" : "UNEXPECTED ";
    screen.line(`${verdict}  ${name.padEnd(10)} ${text}`, asExpected ? "good" : "bad");
  }
  return outcomes.every(({ asExpected }) => asExpected) ? 0 : 1;
}

function rejectOnAbort(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    const stop = () => reject(new Error("interrupted"));
    if (signal.aborted) stop();
    signal.addEventListener("abort", stop, { once: true });
  });
}

process.exitCode = await main();
