/** The example of the contract's section 3, to the letter: what people copy. */
export const EXAMPLE_CONFIG = `worker_id: "prod-runner-1"
log_level: "debug"
cleanup: true              # false is --no-cleanup
max_concurrent_tasks: 4
idle_on_complete: "10m"
backend:                   # at most one backend
  docker:
    volumes: ["/opt/shared-cache:/cache:ro"]
    environment:
      - name: NPM_TOKEN
        value: "your_token"
      - name: GITHUB_TOKEN # no value: inherited from the worker's environment
`;
