/* SPDX-License-Identifier: BSD-3-Clause */
/* The vDSO as it was linked, made by tools/gen_vdso.py; whole pages, 0: this CPU has none. */
#pragma once

#include "lib/types.h"

extern const size_t vdso_image_bytes;
extern const size_t vdso_signal_return; /* offset of what handlers return to; 0: none */
extern const size_t vdso_kernel_call;   /* offset of __kernel_vsyscall; 0: none */
extern const size_t vdso_call_again;    /* where a call through it is restarted */
extern const u8 vdso_image[];
