# SPDX-License-Identifier: BSD-3-Clause
"""Reading ELF files. Facts, no judgement of calls or libraries.

    read_facts(path)    header, segments, dynamic section; what `run` needs of every file (~0.2 ms)
    is_elf(path)        the magic only

`elfin.elf.details` (sections, functions, symbols, GNU properties; pyelftools behind it) is imported
by those who need it: it costs 60 ms.
"""

from elfin.elf.reader import is_elf, read_facts

__all__ = ["is_elf", "read_facts"]
