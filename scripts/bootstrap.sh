# Sourced by scripts/test and scripts/demo: leaves the current folder at the project's root, with the packages of
# package-lock.json and a Bun that runs. Needs nothing but npm; uses only what the lock file names.

cd "$(dirname "${BASH_SOURCE[0]}")/.."

say() { echo "$*" >&2; }

# Two scripts started at once must not install into each other's folder. The lock file itself is the lock: it is
# there already, and nothing has to be tidied up.
exec 9<package-lock.json
if command -v flock >/dev/null; then flock 9; fi

if [ ! -e node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
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
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2 </dev/null || {
    say "npm ci failed: see above; nothing else was changed"
    exit 1
  }
  touch node_modules/.package-lock.json
fi

if ! node_modules/.bin/bun --version >/dev/null 2>&1; then
  if ! command -v node >/dev/null; then
    say "node is missing: install it (Debian: apt-get install nodejs npm) and run this again"
    exit 1
  fi
  say "Unpacking Bun"
  node node_modules/bun/install.js >&2 </dev/null || true
  node_modules/.bin/bun --version >/dev/null 2>&1 || {
    say "Bun does not run on this machine: see above; remove node_modules and run this again"
    exit 1
  }
fi

exec 9<&-
