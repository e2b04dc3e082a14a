# SPDX-License-Identifier: BSD-3-Clause
"""Stands in for QEMU and for the process kernel: speaks the channels, runs a tiny script.

The guest's argv[1:] are steps: ``exit:N`` ``signal:N`` ``out:TEXT`` ``err:TEXT`` ``log:TEXT``,
``cat`` (stdin to stdout until the end), ``spin`` (until a signal), ``deaf`` (for ever), ``await``
(print the first signal), ``flood:N`` (N KiB to stdout), ``panic:TEXT``, ``vanish:N`` (end without
a word), ``noexec:ERRNO``, ``absent:NR``, ``count:NR``, ``env``, ``boot`` (JSON of the boot
information), ``argv`` (of the machine itself). A path (what an interpreter gets of a script) is
passed over. Without a last word it exits 0.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import struct
import sys
import time
from pathlib import Path

from abi import image

C = image.CONSTANTS


class Machine:
    def __init__(self, argv: list[str]) -> None:
        self.argv = argv
        if "-M" in argv:
            chardevs = dict(self._chardev(word) for word in argv if word.startswith("socket,id="))
            self.boot = self._placed(argv) if "-bios" in argv else self._firmware_file(argv)
            self.sockets = {name: socket.socket(fileno=fd) for name, fd in chardevs.items()}
            null = os.open(os.devnull, os.O_RDWR)  # a port that QEMU was not given
            self.stdin, self.stdout, self.stderr, self.log, self.control = (
                self.sockets[name].fileno() if name in self.sockets else null
                for name in ("stdin", "stdout", "stderr", "log", "control")
            )
        else:
            boot_fd, self.image, self.control, self.log = map(int, argv[1:5])
            self.boot = os.read(boot_fd, 1 << 20)
            self.stdin, self.stdout, self.stderr = 0, 1, 2
        self.records = dict(image.decode(self.boot))

    @staticmethod
    def _firmware_file(argv: list[str]) -> bytes:
        return Path(argv[argv.index("-fw_cfg") + 1].partition("file=")[2]).read_bytes()

    @staticmethod
    def _placed(argv: list[str]) -> bytes:
        """The second module of the start information that -device loader lays into memory."""
        loaders = [word for word in argv if word.startswith("loader,force-raw=on,addr=")]
        address, _, name = loaders[0].removeprefix("loader,force-raw=on,addr=").partition(",file=")
        memory = Path(name).read_bytes()
        start = int(address, 16)
        (modules,) = struct.unpack_from("<Q", memory, 16)
        where, size = struct.unpack_from("<QQ", memory, modules - start + 32)
        return memory[where - start : where - start + size]

    @staticmethod
    def _chardev(text: str) -> tuple[str, int]:
        words = dict(word.partition("=")[::2] for word in text.split(","))
        return words["id"], int(words["fd"])

    def strings(self, name: str) -> list[str]:
        return [s.decode() for s in self.records[C[name]].split(b"\0")[:-1]]

    def tell(self, name: str, payload: bytes) -> None:
        os.write(self.control, image.record(C[name], payload))

    def put(self, fd: int, data: bytes) -> None:
        while data:
            data = data[os.write(fd, data) :]

    def signal(self) -> int:
        """Wait for a signal command."""
        data = b""
        while True:
            data += os.read(self.control, 4096)
            if not data:
                time.sleep(60)
            while len(data) >= 16:
                kind, _, number = struct.unpack_from("<III", data)
                data = data[16:]
                if kind == C["ELFIN_COMMAND_SIGNAL"]:
                    return number

    def run(self) -> None:
        self.tell("ELFIN_EVENT_STARTED", struct.pack("<Q", 1_500_000))
        for step in [*self.strings("ELFIN_BOOT_ARGV")[1:], "exit:0"]:
            name, _, text = step.partition(":")
            if name.startswith("/"):
                continue
            try:
                getattr(self, "do_" + name)(text)
            except (BrokenPipeError, ConnectionResetError):
                self.do_signal("13")

    def leave(self, status: int) -> None:
        self.tell("ELFIN_EVENT_MEMORY", struct.pack("<QQ", 21 << 20, 128 << 20))
        self.tell("ELFIN_EVENT_EXIT", struct.pack("<II", status, 0))
        os._exit(0)

    def do_exit(self, text: str) -> None:
        self.leave(int(text) << 8)

    def do_signal(self, text: str) -> None:
        self.leave(int(text))

    def do_out(self, text: str) -> None:
        self.put(self.stdout, text.encode() + b"\n")

    def do_err(self, text: str) -> None:
        self.put(self.stderr, text.encode() + b"\n")

    def do_log(self, text: str) -> None:
        self.put(self.log, text.encode() + b"\n")

    def do_cat(self, _: str) -> None:
        while data := os.read(self.stdin, 65536):
            self.put(self.stdout, data)

    def do_flood(self, text: str) -> None:
        for _ in range(int(text)):
            self.put(self.stdout, b"x" * 1023 + b"\n")

    def do_spin(self, _: str) -> None:
        while True:
            if select.select([self.control], [], [], 60)[0]:
                self.leave(self.signal())

    def do_deaf(self, _: str) -> None:
        """As the process kernel's supervisor: ends with the control channel, hears nothing."""
        while select.select([self.control], [], [], 60)[0]:
            if not os.read(self.control, 4096):
                os._exit(1)

    def do_await(self, _: str) -> None:
        self.put(self.stdout, b"ready\n")
        self.do_out(signal.Signals(self.signal()).name)

    def do_panic(self, text: str) -> None:
        self.tell("ELFIN_EVENT_PANIC", text.encode())
        os._exit(1)

    def do_vanish(self, text: str) -> None:
        os.write(2, b"fake: something broke\n")
        os._exit(int(text))

    def do_absent(self, text: str) -> None:
        self.tell("ELFIN_EVENT_ABSENT", struct.pack("<II", int(text), 3))

    def do_count(self, text: str) -> None:
        self.tell("ELFIN_EVENT_COUNT", struct.pack("<IIQ", int(text), 0, 1000))

    def do_noexec(self, text: str) -> None:
        self.tell("ELFIN_EVENT_EXEC_FAILED", struct.pack("<II", int(text), 0) + b"/bin/x")
        os._exit(1)

    def do_env(self, _: str) -> None:
        self.put(self.stdout, "\n".join(sorted(self.strings("ELFIN_BOOT_ENVP"))).encode() + b"\n")

    def do_argv(self, _: str) -> None:
        self.put(self.stdout, json.dumps(self.argv).encode() + b"\n")

    def do_boot(self, _: str) -> None:
        numbers = {
            "cwd": self.strings("ELFIN_BOOT_CWD")[0],
            "program": self.strings("ELFIN_BOOT_PROGRAM")[0],
            "argv": self.strings("ELFIN_BOOT_ARGV"),
            "hostname": self.strings("ELFIN_BOOT_HOSTNAME")[0],
            "ids": list(struct.iter_unpack("<I", self.records[C["ELFIN_BOOT_IDS"]])),
            "stdio": struct.unpack("<3I", self.records[C["ELFIN_BOOT_STDIO"]]),
            "memory": struct.unpack("<Q", self.records[C["ELFIN_BOOT_MEMORY_LIMIT"]])[0],
            "flags": struct.unpack("<Q", self.records[C["ELFIN_BOOT_FLAGS"]])[0],
        }
        self.put(self.stdout, json.dumps(numbers).encode() + b"\n")


def main() -> None:
    Machine(sys.argv).run()
