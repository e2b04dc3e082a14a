// SPDX-License-Identifier: BSD-3-Clause
/* A library that is opened while the program runs. */
static __thread int calls = 40;

int plugin_answer(void) {
    return ++calls + 1;
}
