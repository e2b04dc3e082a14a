// SPDX-License-Identifier: BSD-3-Clause
/* Linked against libplugin.so: found through DT_RUNPATH $ORIGIN, or not found at all. */
#include <stdio.h>

int plugin_answer(void);

int main(void) {
    printf("linked: %d\n", plugin_answer());
    return 0;
}
