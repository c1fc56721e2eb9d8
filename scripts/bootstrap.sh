# Sourced by scripts/test, scripts/demo and their like; `bash scripts/bootstrap.sh` does it alone. Leaves the current
# folder at the project's root, with the packages of package-lock.json and, as node_modules/.bin/bun, the Bun that it
# names. Needs nothing but npm. What does not have the lock file's checksum is neither installed nor run.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "$*" >&2; }

# The npm package that holds the Bun for this machine. Which one that is, no program of another's decides.
bun_of_this_machine() {
  local system processor library=""
  system="$(uname -s)"
  processor="$(uname -m)"
  case "$processor" in
    x86_64 | amd64) processor=x64 ;;
    aarch64 | arm64) processor=aarch64 ;;
  esac
  # Only glibc answers this; what else there is on Linux is musl.
  if [ "$system" = Linux ] && ! getconf GNU_LIBC_VERSION >/dev/null 2>&1; then library=-musl; fi
  echo "@oven/bun-$(echo "$system" | tr '[:upper:]' '[:lower:]')-$processor$library"
}

install_packages() {
  if ! command -v npm >/dev/null; then
    say "npm is missing: install it (Debian: apt-get install npm) and run this again"
    exit 1
  fi
  if [ -L node_modules ]; then
    say "node_modules is a link, and npm would empty the folder that it leads to: remove the link and run this again"
    exit 1
  fi
  say "Installing the project's packages (npm ci)"
  # Install scripts stay off: a lock file is checked, what a package would run is not.
  npm ci --ignore-scripts --include=optional --no-audit --no-fund --loglevel=error >&2 </dev/null || {
    say "npm ci failed: see above; nothing else was changed"
    exit 1
  }
  touch node_modules/.package-lock.json
}

# Two scripts started at once must not install into each other's folder. The lock file itself is the lock: it is
# there already, and nothing has to be tidied up.
exec 9<package-lock.json
if command -v flock >/dev/null; then flock 9; fi

bun_package="$(bun_of_this_machine)"
if ! grep -qF "\"node_modules/$bun_package\": {" package-lock.json; then
  say "package-lock.json names no Bun for this machine ($bun_package): use Linux or macOS, on x64 or arm64"
  exit 1
fi
bun_program="node_modules/$bun_package/bin/bun"
if [ ! -f "$bun_program" ] || [ ! -e node_modules/.package-lock.json ] ||
  [ package-lock.json -nt node_modules/.package-lock.json ]; then
  install_packages
fi
# A platform's package is an optional one: where its checksum is wrong, npm leaves it out and says nothing.
if [ ! -f "$bun_program" ]; then
  say "Bun is missing: npm left out $bun_package. The registry does not have it, or what it sent is not what package-lock.json" \
    "names; nothing of it was run. See which registry \`npm config get registry\` names, and npm's newest log"
  exit 1
fi
# Not made anew where it is right: another script may be starting Bun by it at this moment.
if [ "$(readlink node_modules/.bin/bun)" != "../$bun_package/bin/bun" ]; then
  mkdir -p node_modules/.bin
  ln -sfn "../$bun_package/bin/bun" node_modules/.bin/bun
fi
if ! node_modules/.bin/bun --version >/dev/null; then
  say "Bun does not run on this machine: see above"
  exit 1
fi

exec 9<&-
