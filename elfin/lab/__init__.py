# SPDX-License-Identifier: BSD-3-Clause
"""Suites of test programs on Linux and on Elfin's platforms, side by side.

`suite.load` builds and reads a suite, `matrix.run` runs it everywhere, `results` keeps what came
out, `diff.differences` compares two runs.
"""
