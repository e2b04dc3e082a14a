# SPDX-License-Identifier: BSD-3-Clause
"""Real programs, compared byte for byte: Linux beside Elfin.

rows.py reads the TOML files, fixtures.py makes input files, roots.py the root directories,
native.py runs a row on Linux, harness.py on Elfin and compares, tour.py prints `make run`.
"""
