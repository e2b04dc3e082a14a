# SPDX-License-Identifier: BSD-3-Clause
"""The only door to processes, files, sockets and the clock; and the errors."""
