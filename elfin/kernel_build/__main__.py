# SPDX-License-Identifier: BSD-3-Clause
"""``python -m elfin.kernel_build``: what ``make kernel`` runs."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from elfin.host.errors import ElfinError
from elfin.kernel_build.build import CONFIGS, Configuration, Tree, build
from elfin.kernel_build.sources import ARCHES


def main() -> int:
    """Build what the arguments name; 0, or an Elfin exit status after a sentence."""
    parser = argparse.ArgumentParser(prog="elfin.kernel_build", description=__doc__)
    parser.add_argument("--arch", choices=ARCHES, help="default: every one")
    parser.add_argument("--config", help=f"default: every one of {', '.join(CONFIGS)}")
    parser.add_argument("--root", type=Path, default=Path(__file__).resolve().parents[2])
    parser.add_argument("--out", type=Path, help="default: ROOT/build/kernel")
    parser.add_argument("--keep-going", action="store_true", help="show every error")
    parser.add_argument("targets", nargs="*", help="ninja targets, such as elfin-vm or objects")
    options = parser.parse_args()
    root = options.root.resolve()
    # Meson runs in its own build folder: a relative path would mean something else there.
    tree = Tree(root, (options.out or root / "build" / "kernel").absolute())
    arches = [options.arch] if options.arch else ARCHES
    configs = [options.config] if options.config else CONFIGS
    status = 0
    for configuration in [Configuration(arch, config) for arch in arches for config in configs]:
        try:
            build(tree, configuration, *options.targets, keep_going=options.keep_going)
        except ElfinError as error:
            print(f"elfin: {error}", file=sys.stderr)
            status = error.exit_status
            if not options.keep_going:
                break
    return status


if __name__ == "__main__":
    sys.exit(main())
