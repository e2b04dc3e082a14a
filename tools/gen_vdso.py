# SPDX-License-Identifier: BSD-3-Clause
"""Builds one architecture's vDSO and writes it as C: an array that load/vdso.c maps.

The sources are kernel/arch/ARCH/vdso/. An architecture without that folder gets an empty image,
and its programs no vDSO. The image must need no relocation: that is checked here.
"""

from __future__ import annotations

import argparse
import io
import subprocess
import sys
import tempfile
from pathlib import Path

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.sections import SymbolTableSection

ROOT = Path(__file__).resolve().parents[1]
PAGE = 4096
COMPILE = (
    "-std=c11 -O2 -fomit-frame-pointer -ffreestanding -fPIC -fno-stack-protector -fno-builtin"
    " -mgeneral-regs-only"
    " -fasynchronous-unwind-tables -fno-sanitize=all -fvisibility=hidden -Wall -Wextra -Wshadow"
    " -Wconversion -Werror"
).split()
# zig turns a CPU's features on after -mgeneral-regs-only has turned them off: name them.
NO_VECTORS = {
    "x86_64": ["-mno-sse", "-mno-sse2", "-mno-mmx", "-mno-80387"],
    "aarch64": ["-mcpu=generic-neon-fp_armv8"],
}
# C names of the offsets that the kernel wants to know, and whose they are.
OFFSETS = {
    "vdso_signal_return": "__kernel_rt_sigreturn",
    "vdso_kernel_call": "__kernel_vsyscall",
    "vdso_call_again": "elfin_kernel_vsyscall_again",
}
LINK = (
    "-shared -soname linux-vdso.so.1 --hash-style=both --eh-frame-hdr --build-id=sha1 -z rodynamic"
    " -z norelro -z noexecstack -z max-page-size=4096 --no-undefined --fatal-warnings -S"
).split()


def build(arch: str, folder: Path, work: Path) -> bytes:
    """Compile and link the vDSO.

    Raises:
        subprocess.CalledProcessError: a tool failed; it has said why on stderr.
    """
    zig = [sys.executable, "-m", "ziglang"]
    objects = []
    for source in sorted(folder.glob("*.[cS]")):
        objects.append(str(work / f"{source.name}.o"))
        target = ["-target", f"{arch}-freestanding-none", f"-I{ROOT}/kernel", f"-I{ROOT}"]
        flags = [*COMPILE, *NO_VECTORS[arch]] if source.suffix == ".c" else []
        command = [*zig, "cc", *target, *flags, "-c", str(source), "-o", objects[-1]]
        subprocess.run(command, check=True)
    out = work / "vdso.so"
    script = str(folder / "vdso.ld")
    subprocess.run([*zig, "ld.lld", *LINK, "-T", script, "-o", str(out), *objects], check=True)
    check(out)
    return out.read_bytes()


def check(path: Path) -> None:
    """Refuse an image that a plain mapping would not make work."""
    with path.open("rb") as stream:
        elf = ELFFile(stream)
        loads = [s for s in elf.iter_segments() if s["p_type"] == "PT_LOAD"]
        if len(loads) != 1 or loads[0]["p_vaddr"] != 0 or loads[0]["p_offset"] != 0:
            sys.exit("gen_vdso: the vDSO must be one segment at 0")
        dynamic = elf.get_section_by_name(".dynamic")
        assert isinstance(dynamic, DynamicSection)
        tags = {tag.entry.d_tag for tag in dynamic.iter_tags()}
        if tags & {"DT_RELA", "DT_REL", "DT_RELR", "DT_JMPREL", "DT_NEEDED"}:
            sys.exit("gen_vdso: the vDSO must not need relocation")


def offset_of(image: bytes, name: str) -> int:
    """Offset in the image of a symbol, exported or not; 0: it has none."""
    if not image:
        return 0
    elf = ELFFile(io.BytesIO(image))
    for table in (".dynsym", ".symtab"):
        symbols = elf.get_section_by_name(table)
        assert isinstance(symbols, SymbolTableSection)
        found = symbols.get_symbol_by_name(name)
        if found:
            return int(found[0].entry.st_value)
    return 0


def to_c(image: bytes) -> str:
    """The image as a C file; sizes in bytes, padded to whole pages."""
    padded = image + bytes(-len(image) % PAGE)
    rows = (",".join(map(str, padded[i : i + 32])) for i in range(0, len(padded), 32))
    body = ",\n".join(rows) or "0"
    offsets = "".join(
        f"const size_t {c_name} = {offset_of(image, name)};\n" for c_name, name in OFFSETS.items()
    )
    return (
        "/* Made by tools/gen_vdso.py; do not edit. */\n"
        '#include "load/vdso_image.h"\n\n'
        f"const size_t vdso_image_bytes = {len(padded)};\n"
        f"{offsets}"
        f"const u8 vdso_image[] = {{\n{body}\n}};\n"
    )


def main() -> None:
    """Parse the command line and write the C file."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--arch", required=True, choices=("x86_64", "aarch64"))
    parser.add_argument("-o", "--output", required=True, type=Path)
    options = parser.parse_args()
    folder = ROOT / "kernel" / "arch" / options.arch / "vdso"
    image = b""
    if folder.is_dir():
        with tempfile.TemporaryDirectory() as work:
            image = build(options.arch, folder, Path(work))
    options.output.write_text(to_c(image), encoding="utf-8")


if __name__ == "__main__":
    main()
