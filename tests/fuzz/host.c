// SPDX-License-Identifier: BSD-3-Clause
// The hosted half of a fuzz target: libFuzzer's entry, and a main that replays files (-DREPLAY).
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fuzz_one(const uint8_t *data, size_t size);

long fuzz_allocations;

void *fuzz_alloc(size_t bytes)
{
    fuzz_allocations++;
    return malloc(bytes);
}

void fuzz_free(void *memory)
{
    fuzz_allocations -= memory != NULL;
    free(memory);
}

void fuzz_fail(const char *promise)
{
    fprintf(stderr, "broken promise: %s\n", promise);
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    fuzz_one(copy, size);
    free(copy);
    return 0;
}

#ifdef REPLAY
int main(int argc, char **argv)
{
    static uint8_t data[1 << 20];
    for (int i = 1; i < argc; i++) {
        FILE *file = fopen(argv[i], "rb");
        if (!file)
            return 1;
        size_t size = fread(data, 1, sizeof(data), file);
        fclose(file);
        LLVMFuzzerTestOneInput(data, size);
    }
    return 0;
}
#endif
