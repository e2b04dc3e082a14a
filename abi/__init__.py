# SPDX-License-Identifier: BSD-3-Clause
"""Facts that kernel and SDK both obey, and their only readers.

``abi.table`` reads the system-call table, its types and its coverage rules; ``abi.image`` the
boot information and the records of the control channel. Nothing here imports the SDK.
"""
