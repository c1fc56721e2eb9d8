import { runCommandLine } from "./cli/run-command-line.ts";
import { localDockerSocket } from "./docker/endpoint/local-docker-socket.ts";
import { accountHome } from "./host/account-home.ts";
import { reasonOf, runWorker } from "./run-worker.ts";
import { stderrSink } from "./support/stderr-sink.ts";

const stderr = stderrSink();

runCommandLine(process.argv.slice(2), {
  env: process.env,
  stdout: (text) => process.stdout.write(text),
  stderr,
  dockerSocket: () => localDockerSocket({ env: process.env, home: accountHome(process.env) }),
  startWorker: (resolved, readAgain) => runWorker(resolved, readAgain, stderr),
}).then(
  (code) => {
    process.exitCode = code;
  },
  (error: unknown) => {
    process.stderr.write(`the worker could not start on a defect of its own: ${reasonOf(error)}\n`);
    process.exit(1);
  },
);
