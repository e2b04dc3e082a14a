# SPDX-License-Identifier: BSD-3-Clause
"""``python -m elfin``."""

from elfin.cli import entry

if __name__ == "__main__":
    entry()
