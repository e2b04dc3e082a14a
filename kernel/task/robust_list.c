/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Holds:    nothing; the list is the program's, made of words that it locked.
 * Promises: a word that the ended thread owned says FUTEX_OWNER_DIED, and one waiter hears of it.
 *           A list that is broken, or a ring, ends the walk.
 * See:      get_robust_list(2); the kernel's own documentation, robust-futex-ABI
 */
#include "abi/linux/errno.h"
#include "task/futex_internal.h"

#define ENTRIES_MAX 2048 /* Linux's ROBUST_LIST_LIMIT */
#define ENTRY_IS_PI 1ull /* in the pointer to an entry */

static u32 mark_dead(u32 old, unused_arg u32 argument)
{
    return (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED;
}

/* false: the word cannot be reached. `pending`: the thread ended while it locked or unlocked. */
static bool release_word(struct user_ptr word, bool is_pi, bool pending)
{
    u32 tid = (u32)current_thread()->tid, old;

    if (!is_aligned(word.address, sizeof(u32)) || read_program_u32(&old, word))
        return false;
    /* Unlocked already, but perhaps nobody was woken yet. */
    bool unlocked = pending && !is_pi && !(old & FUTEX_TID_MASK);
    if (!unlocked && (old & FUTEX_TID_MASK) != tid)
        return true;
    if (!unlocked && futex_change(word, mark_dead, 0, &old))
        return false;
    if (unlocked || (!is_pi && old & FUTEX_WAITERS))
        futex_wake(word, true, 1, FUTEX_BITSET_MATCH_ANY);
    return true;
}

struct entry {
    u64 address;                 /* 0: none */
    bool is_pi;
};

static struct entry entry_of(u64 pointer)
{
    return (struct entry){pointer & ~ENTRY_IS_PI, pointer & ENTRY_IS_PI};
}

static bool release_entry(const struct linux_robust_list_head *head, struct entry e, bool pending)
{
    return release_word((struct user_ptr){e.address + (u64)head->futex_offset}, e.is_pi, pending);
}

void robust_list_release(struct thread *t)
{
    struct linux_robust_list_head head;
    u64 start = t->robust_list, following;

    t->robust_list = 0;
    if (!start || copy_from_program(&head, (struct user_ptr){start}, sizeof(head)))
        return;
    struct entry e = entry_of(head.next), pending = entry_of(head.list_op_pending);
    for (unsigned i = 0; i < ENTRIES_MAX && e.address != start; i++) {
        /* First the next one: whoever takes the word over may take its entry out. */
        int error = read_program_u64(&following, (struct user_ptr){e.address});
        if (e.address != pending.address && !release_entry(&head, e, false))
            return;
        if (error)
            return;
        e = entry_of(following);
    }
    if (pending.address)
        release_entry(&head, pending, true);
}
