/* SPDX-License-Identifier: BSD-3-Clause */
/* Host descriptors that end an idle wait. */
#pragma once

#include "abi/linux/poll.h"

#define HOST_WATCH_MAX 8

/* Fills at most HOST_WATCH_MAX entries, returns their number. */
typedef unsigned host_watch_fn(struct linux_pollfd *fds);
void host_set_watch(host_watch_fn *fn);
