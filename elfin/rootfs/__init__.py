# SPDX-License-Identifier: BSD-3-Clause
"""What a program needs of a root directory, collected as data; and root directories from packages.

    gather(spec, facts, read)      the image view of a program as a RootTree
    libraries(spec, facts, read)   the library closure with its holes

``read`` is elfin.elf.read_facts: stages do not import one another. `elfin.rootfs.debian` makes root
directories out of Debian packages.
"""

from elfin.rootfs.gather import gather, libraries

__all__ = ["gather", "libraries"]
