# SPDX-License-Identifier: BSD-3-Clause
"""A fuzzer of system calls, generated from the table (issue 3, B7).

``generate`` makes programs of typed calls from a seed; ``executor.c`` runs them as Elfin's first
process and counts; ``run`` drives both until enough calls were made.
"""
