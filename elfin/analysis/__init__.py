# SPDX-License-Identifier: BSD-3-Clause
"""Which system calls a program can make, and whether Elfin has them.

    judge(facts, libraries, codes, table) -> Verdict

``codes`` are elfin.elf.details.read_code of the program, its loader and its libraries; ``table`` is
abi.table.load(). capstone is imported here when the first function is disassembled.
"""

from elfin.analysis.judge import judge

__all__ = ["judge"]
