import { expect, test } from "bun:test";
import { possibleOwnContainers } from "../../../src/docker/records/own-container.ts";

const ID = "0123456789abcdef".repeat(4);
const OTHER = "fedcba9876543210".repeat(4);

function files(mountinfo: string, cgroup = "0::/\n") {
  return (path: string) => {
    if (path === "/proc/self/mountinfo") return mountinfo;
    return path === "/proc/self/cgroup" ? cgroup : undefined;
  };
}
const mounted = (source: string, target: string) => `812 800 8:1 ${source} ${target} rw,relatime - ext4 /dev/sda1 rw\n`;

test.each([
  ["Docker's files", mounted(`/var/lib/docker/containers/${ID}/hostname`, "/etc/hostname"), "", "box", [ID]],
  ["a moved data folder", mounted(`/srv/d/containers/${ID}/hosts`, "/etc/hosts"), "", "box", [ID]],
  ["a control group of older kernels", "", `4:memory:/docker/${ID}\n`, "box", [ID]],
  ["both, once", mounted(`/x/containers/${ID}/hosts`, "/etc/hosts"), `4:memory:/docker/${ID}\n`, "box", [ID]],
  ["the name of the host", "", "", ID.slice(0, 12), [ID.slice(0, 12)]],
  ["a host's own mounts", mounted(`/c/${OTHER}/shm`, `/var/lib/docker/containers/${OTHER}/shm`), "", "box", []],
  ["a host", mounted("/", "/"), "0::/init.scope\n", "build-server-1", []],
])("%s", (_, mountinfo, cgroup, hostname, expected) => {
  expect(possibleOwnContainers(files(mountinfo, cgroup), hostname)).toEqual(expected);
});

test("nothing is known where the system has no such files", () => {
  expect(possibleOwnContainers(() => undefined, "mac.local")).toEqual([]);
});
