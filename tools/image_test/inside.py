"""Run one command the way an engine runs it in a container: the image as root, its user, no rights, read-only.

    unshare --mount --pid --ipc --fork --kill-child --propagation private python inside.py start …
    nsenter --target PID --mount --pid --ipc        python inside.py join …

`start` is given fresh namespaces and arranges them (compose's `read_only`, `cap_drop: [ALL]`, `no-new-privileges`);
`join` enters those of a running one, as a health check does. The network is this machine's, so that a Telegram on
127.0.0.1 is within reach. The environment is taken as it comes.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import subprocess
import sys
from pathlib import Path

DEVICES = ("null", "zero", "full", "random", "urandom", "tty")
PR_CAPBSET_DROP = 24
PR_SET_NO_NEW_PRIVS = 38
LAST_CAPABILITY = Path("/proc/sys/kernel/cap_last_cap")


def main() -> None:
    """Become the command; does not return."""
    parser = argparse.ArgumentParser()
    parser.add_argument("how", choices=("start", "join"))
    parser.add_argument("--root", type=Path, required=True)
    parser.add_argument("--volume", type=Path, required=True, help="becomes /data")
    parser.add_argument("--resolver", type=Path, required=True, help="becomes /etc/resolv.conf")
    parser.add_argument("--user", required=True, help="uid:gid, as the image says")
    parser.add_argument("--workdir", required=True)
    parser.add_argument("--writable", action="store_true", help="leave the root writable, as plain `docker run` does")
    parser.add_argument("command", nargs="+")
    arguments = parser.parse_args()
    if arguments.how == "start":
        arrange(arguments.root, arguments.volume, arguments.resolver, writable=arguments.writable)
    uid, gid = map(int, arguments.user.split(":"))
    last_capability = int(LAST_CAPABILITY.read_text())
    os.chroot(arguments.root)
    os.chdir(arguments.workdir)
    give_up_rights(uid, gid, last_capability)
    os.execvp(arguments.command[0], arguments.command)  # noqa: S606 - exactly as an engine starts it: no shell


def arrange(root: Path, volume: Path, resolver: Path, *, writable: bool) -> None:
    """Mount what an engine mounts, then close the root. Gone with the namespace."""
    mount("--bind", root, root)
    mount("--bind", volume, root / "data")
    mount("--bind", resolver, root / "etc/resolv.conf")
    mount("-t", "proc", "-o", "nosuid,nodev,noexec", "proc", root / "proc")
    mount("--rbind", "/sys", root / "sys")  # what the program is granted (cgroup) is read there
    devices = root / "dev"
    mount("-t", "tmpfs", "-o", "nosuid,mode=755,size=64k", "tmpfs", devices)
    for name in DEVICES:
        (devices / name).touch()
        mount("--bind", Path("/dev") / name, devices / name)
    (devices / "fd").symlink_to("/proc/self/fd")
    (devices / "shm").mkdir()
    mount("-t", "tmpfs", "-o", "nosuid,nodev,noexec,mode=1777,size=64m", "shm", devices / "shm")
    mount("-o", "remount,ro", devices)
    if not writable:
        mount("-o", "remount,bind,ro", root)


def give_up_rights(uid: int, gid: int, last_capability: int) -> None:
    """Be that user, without a capability and without a way to gain one."""
    libc = ctypes.CDLL(None, use_errno=True)
    for capability in range(last_capability + 1):
        _prctl(libc, PR_CAPBSET_DROP, capability)
    os.setgroups([])
    os.setresgid(gid, gid, gid)
    os.setresuid(uid, uid, uid)
    _prctl(libc, PR_SET_NO_NEW_PRIVS, 1)


def mount(*arguments: str | Path) -> None:
    """mount(8), ending this program with its complaint when it fails."""
    result = subprocess.run(["mount", *map(str, arguments)], check=False, capture_output=True, text=True)
    if result.returncode:
        sys.exit(f"mount {' '.join(map(str, arguments))}: {result.stderr.strip()}")


def _prctl(libc: ctypes.CDLL, option: int, argument: int) -> None:
    if libc.prctl(option, argument, 0, 0, 0) != 0:
        raise OSError(ctypes.get_errno(), f"prctl {option} {argument}")


if __name__ == "__main__":
    main()
