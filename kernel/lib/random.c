/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    one key of 256 bits. Each request runs ChaCha20 under the key, and the first 32 bytes
 *           of the stream become the next key: what was handed out cannot be found again from a
 *           later state.
 * Locking:  none needed: the kernel is not preempted, and interrupt handlers do not ask.
 * See:      RFC 8439; getrandom(2)
 */
#include "lib/random.h"

#include "lib/string.h"

#define BLOCK_WORDS 16
#define BLOCK_BYTES 64
#define KEY_BYTES 32

static u32 key[KEY_BYTES / 4];

static u32 rotate(u32 v, unsigned n) { return v << n | v >> (32 - n); }

static void quarter_round(u32 *s, unsigned a, unsigned b, unsigned c, unsigned d)
{
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 16);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 12);
    s[a] += s[b];
    s[d] = rotate(s[d] ^ s[a], 8);
    s[c] += s[d];
    s[b] = rotate(s[b] ^ s[c], 7);
}

static void chacha_block(const u32 *block_key, u64 counter, u8 *out)
{
    u32 state[BLOCK_WORDS] = {0x61707865, 0x3320646e, 0x79622d32, 0x6b206574};
    u32 s[BLOCK_WORDS];
    memcpy(state + 4, block_key, KEY_BYTES);
    state[12] = (u32)counter;
    state[13] = (u32)(counter >> 32);
    memcpy(s, state, sizeof(s));
    for (unsigned round = 0; round < 10; round++) {
        for (unsigned i = 0; i < 4; i++)
            quarter_round(s, i, 4 + i, 8 + i, 12 + i);
        for (unsigned i = 0; i < 4; i++)
            quarter_round(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4);
    }
    for (unsigned i = 0; i < BLOCK_WORDS; i++)
        s[i] += state[i];
    memcpy(out, s, BLOCK_BYTES);
}

void random_bytes(void *out, size_t n)
{
    u8 block[BLOCK_BYTES];
    u32 stream_key[KEY_BYTES / 4];
    u8 *to = out;
    memcpy(stream_key, key, KEY_BYTES);
    chacha_block(stream_key, 0, block);
    memcpy(key, block, KEY_BYTES);
    size_t have = BLOCK_BYTES - KEY_BYTES;
    const u8 *from = block + KEY_BYTES;
    for (u64 counter = 1; n; counter++) {
        size_t take = n < have ? n : have;
        memcpy(to, from, take);
        to += take;
        n -= take;
        chacha_block(stream_key, counter, block);
        from = block;
        have = BLOCK_BYTES;
    }
    memset(block, 0, sizeof(block));
    memset(stream_key, 0, sizeof(stream_key));
}

void random_seed(const void *seed, size_t length)
{
    const u8 *from = seed;
    do {
        u8 piece[KEY_BYTES] = {0};
        size_t take = length < KEY_BYTES ? length : KEY_BYTES;
        u8 block[BLOCK_BYTES];
        memcpy(piece, from, take);
        for (unsigned i = 0; i < KEY_BYTES; i++)
            ((u8 *)key)[i] ^= piece[i];
        chacha_block(key, take, block); /* so that a second seed does not undo the first */
        memcpy(key, block, KEY_BYTES);
        from += take;
        length -= take;
    } while (length);
}

u64 random_u64(void)
{
    u64 v;
    random_bytes(&v, sizeof(v));
    return v;
}
