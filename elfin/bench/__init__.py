# SPDX-License-Identifier: BSD-3-Clause
"""The ladder, measured: one program on Linux and on Elfin by every rung, interleaved in one run.

syscalls.measure(...) -> CallCosts        app.measure(...) -> ProgramCosts
show.calls_text, calls_record, program_text, program_record; plot.ladder(CallCosts) -> SVG
"""
