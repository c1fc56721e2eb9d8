#!/bin/sh
# Runs dockerd in a mount namespace of its own, which the caller has made: what is mounted here vanishes with it.
# $1: name of the cgroup that holds all containers; then the daemon's command.
parent=$1
shift

# A machine without an init system may have no cgroups mounted. Version 1 first: the older kernels need it.
if ! grep -q cgroup /proc/self/mounts; then
  mount -t tmpfs -o mode=755 cgroup /sys/fs/cgroup
  for controller in $(awk '!/^#/ && $4 == 1 { print $1 }' /proc/cgroups); do
    mkdir -p "/sys/fs/cgroup/$controller"
    mount -t cgroup -o "$controller" cgroup "/sys/fs/cgroup/$controller" 2>/dev/null ||
      rmdir "/sys/fs/cgroup/$controller"
  done
  if [ ! -d /sys/fs/cgroup/memory ] || [ ! -d /sys/fs/cgroup/devices ]; then
    umount /sys/fs/cgroup/* 2>/dev/null
    umount /sys/fs/cgroup
    mount -t cgroup2 cgroup /sys/fs/cgroup
  fi
fi

trap 'kill -TERM "$daemon" 2>/dev/null' TERM INT
"$@" &
daemon=$!
wait "$daemon"
code=$?
# The signal ends the first wait, not the daemon.
while kill -0 "$daemon" 2>/dev/null; do
  wait "$daemon"
  code=$?
done
find /sys/fs/cgroup -depth -type d -path "*/$parent*" -exec rmdir {} + 2>/dev/null
exit "$code"
