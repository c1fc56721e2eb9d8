export { type Execution, executionKey } from "../protocol/execution.ts";
