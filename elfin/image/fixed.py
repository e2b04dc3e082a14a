# SPDX-License-Identifier: BSD-3-Clause
"""What every sealed image has besides the program: mount points and an /etc that Elfin writes.

Only the distribution's name (os-release), the time zone (localtime) and the invoking user's name
come from the host: what a program prints about them is then what it prints there. Who looks the
rest up: libc (passwd, group, nsswitch.conf, hosts, resolv.conf, services, protocols). There is no
profile on purpose: shells would run it.
"""

from __future__ import annotations

from pathlib import Path

from elfin.model.root import EntryKind, RootEntry

_PASSWD = """\
root:x:0:0:root:/root:/bin/sh
daemon:x:1:1:daemon:/usr/sbin:/usr/sbin/nologin
bin:x:2:2:bin:/bin:/usr/sbin/nologin
sys:x:3:3:sys:/dev:/usr/sbin/nologin
www-data:x:33:33:www-data:/var/www:/usr/sbin/nologin
nobody:x:65534:65534:nobody:/nonexistent:/usr/sbin/nologin
"""

_GROUP = """\
root:x:0:
daemon:x:1:
bin:x:2:
sys:x:3:
tty:x:5:
www-data:x:33:
users:x:100:
nogroup:x:65534:
"""

_NSSWITCH = """\
passwd: files
group: files
shadow: files
hosts: files dns
networks: files
protocols: files
services: files
"""

_HOSTS = """\
127.0.0.1 localhost
::1 localhost ip6-localhost ip6-loopback
"""

# The resolver that QEMU's and passt's user networks offer.
_RESOLV = "nameserver 10.0.2.3\n"

_PROTOCOLS = "ip 0 IP\nicmp 1 ICMP\ntcp 6 TCP\nudp 17 UDP\nipv6-icmp 58 IPv6-ICMP\n"

_SERVICES = """\
ftp 21/tcp
ssh 22/tcp
smtp 25/tcp
domain 53/tcp
domain 53/udp
http 80/tcp
ntp 123/udp
https 443/tcp
https 443/udp
redis 6379/tcp
"""

_DIRECTORIES = (
    ("/dev", 0o755),
    ("/proc", 0o555),
    ("/sys", 0o555),
    ("/run", 0o755),
    ("/tmp", 0o1777),
    ("/root", 0o700),
    ("/home", 0o755),
    ("/var", 0o755),
    ("/var/tmp", 0o1777),
)


def fixed_entries(
    uid: int, gid: int, home: str, user: str, cwd: str = "/"
) -> tuple[RootEntry, ...]:
    """Entries of every sealed image; a tree's own entries of the same path win over them.

    The one host fact in them is what the program would be told anyway: the user it runs as. A
    user that the fixed passwd does not have gets a line of its own. The user's home and the
    working directory are there, and the user's.
    """
    passwd, group = _PASSWD, _GROUP
    if f":x:{uid}:" not in passwd:
        passwd += f"{user}:x:{uid}:{gid}::{home}:/bin/sh\n"
    if f":x:{gid}:" not in group:
        group += f"{user}:x:{gid}:\n"
    files = {
        "/etc/passwd": passwd,
        "/etc/group": group,
        "/etc/nsswitch.conf": _NSSWITCH,
        "/etc/hosts": _HOSTS,
        "/etc/resolv.conf": _RESOLV,
        "/etc/protocols": _PROTOCOLS,
        "/etc/services": _SERVICES,
    }
    own = [
        RootEntry(path, EntryKind.DIRECTORY, 0o755, uid=uid, gid=gid)
        for path in sorted({home, cwd})
        if path.startswith("/") and not _is_fixed(path)
    ]
    return (
        *(RootEntry.directory(path, mode) for path, mode in _DIRECTORIES),
        *own,
        *(RootEntry.inline(path, text.encode()) for path, text in files.items()),
        *_host_files(),
    )


def _is_fixed(path: str) -> bool:
    """The root, a directory of ours, or below one that the kernel mounts over."""
    if path == "/" or path in dict(_DIRECTORIES):
        return True
    return path.startswith(("/dev/", "/proc/", "/sys/"))


def _host_files() -> tuple[RootEntry, ...]:
    """The distribution's name and the time zone: a program says the same as on the host."""
    found = []
    for guest in ("/etc/os-release", "/etc/localtime"):
        source = Path(guest)
        if source.is_file():
            found.append(RootEntry.file(guest, source.resolve()))
    return tuple(found)
