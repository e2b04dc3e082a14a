# SPDX-License-Identifier: BSD-3-Clause
"""Calls as strace prints them: `--trace`, `--trace-only`, `--trace-summary`.

The kernel sends what happened (boot_info.h, ELFIN_EVENT_TRACE_*); everything about names, flags
and columns is here. `tracer.Tracer` takes the records and writes lines, `summary.table` makes the
table of calls, `select.numbers` reads a list like ``%file,openat``.
"""
