# SPDX-License-Identifier: BSD-3-Clause
"""Facts that kernel and SDK both obey, and their only readers."""
