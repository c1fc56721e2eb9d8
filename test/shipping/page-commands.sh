# The commands of the public page about this worker and of a page beside it, as people copy them. Nothing of them is to be
# changed here. IMAGE, your_team_api_key, tcp://remote-host:2376 and /path/to/certs stand for what each reader puts there.

## plain
export WARP_API_KEY="your_team_api_key"
docker run -v /var/run/docker.sock:/var/run/docker.sock -e WARP_API_KEY="$WARP_API_KEY" IMAGE --worker-id "my-worker"

## many flags
docker run -v /var/run/docker.sock:/var/run/docker.sock -e WARP_API_KEY="$WARP_API_KEY" IMAGE \
  --worker-id "prod-runner-1" --log-level debug --max-concurrent-tasks 4 --idle-on-complete 10m \
  -v /opt/shared-cache:/cache:ro -e NPM_TOKEN=your_token -e GITHUB_TOKEN

## login file
docker run -v /var/run/docker.sock:/var/run/docker.sock -v ~/.docker/config.json:/root/.docker/config.json:ro \
  -e WARP_API_KEY="$WARP_API_KEY" IMAGE --worker-id "my-worker"

## daemon behind TLS
export DOCKER_HOST="tcp://remote-host:2376" DOCKER_TLS_VERIFY=1 DOCKER_CERT_PATH="/path/to/certs"
oz-agent-worker --api-key "$WARP_API_KEY" --worker-id "my-worker"

## config file
oz-agent-worker --config-file config.yaml

## folder for the login of uid 10001
install -d -m 0700 -o 10001 -g 10001 /etc/oz-agent-worker/docker

## login of uid 10001
docker run -v /var/run/docker.sock:/var/run/docker.sock --group-add "$(stat -c %g /var/run/docker.sock)" \
  -v /etc/oz-agent-worker/docker:/home/oz/.docker:ro -e DOCKER_CONFIG=/home/oz/.docker -e WARP_API_KEY="$WARP_API_KEY" IMAGE --worker-id "my-worker"
