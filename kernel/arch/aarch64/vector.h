/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside arch/aarch64: v0..v31 to and from memory. In assembly, since the kernel's C is compiled
 * without them. */
#pragma once

#define VECTOR_REGISTERS 32
#define VECTOR_REGISTER_BYTES 16

void vector_store(void *registers);
void vector_load(const void *registers);
