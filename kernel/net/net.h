/* SPDX-License-Identifier: BSD-3-Clause */
/* The room's start, for boot/. Sockets are in net/socket.h. */
#pragma once

void net_start(void);
