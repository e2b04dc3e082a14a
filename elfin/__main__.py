# SPDX-License-Identifier: BSD-3-Clause
"""``python -m elfin``."""

from elfin.cli import main

if __name__ == "__main__":
    main()
