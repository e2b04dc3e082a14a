# SPDX-License-Identifier: BSD-3-Clause
"""Root tree → bootable image, and the cache that keeps images.

Offers `store.Store` (build, recall, prune), `cpio.complete`, `cpio.write`, `fixed.fixed_entries`.
Nothing is imported here: a warm run needs the store alone.
"""
