# SPDX-License-Identifier: BSD-3-Clause
"""Results as text and JSON."""
