/* SPDX-License-Identifier: BSD-3-Clause */
/* Inside boot/: the control channel to the SDK (records of abi/image/boot_info.h). */
#pragma once

#include "lib/types.h"

void control_start(void);
void control_send(u32 type, const void *payload, u32 length);
void control_send_records(const void *records, size_t length); /* whole ones */
/* Log lines go to the log channel from here on. */
void control_attach_log(void);
