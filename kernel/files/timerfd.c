/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * timerfd: a timer to wait on.
 *
 * Promises: a periodic timer rests from its expiry until somebody looks; then the periods that
 *           passed are counted. No clock of ours is ever set, so TFD_TIMER_CANCEL_ON_SET never
 *           cancels.
 * See:      timerfd_create(2)
 */
#include "abi/linux/poll.h"
#include "abi/linux/time.h"
#include "files/events.h"
#include "files/inode.h"
#include "lib/printf.h"
#include "memory/page.h"

struct timerfd {
    int clock;
    u32 settime_flags;           /* for fdinfo */
    u64 ticks;                   /* expiries nobody has read */
    bool armed, rests;           /* rests: expired, and its next period has not begun */
    u64 expires_ns, interval_ns; /* on its clock */
    struct timer timer;
    struct wait_queue expired;
};

static struct timerfd *timerfd_of(const struct file *f)
{
    return f->private_data;
}

static u64 now_on(const struct timerfd *t)
{
    u64 ns = 0;
    (void)clock_read(t->clock, &ns);
    return ns;
}

static void arm(struct timerfd *t)
{
    t->armed = true;
    t->rests = false;
    timer_arm(&t->timer, clock_deadline(t->clock, t->expires_ns));
}

static void due(struct timer *timer)
{
    struct timerfd *t = container_of(timer, struct timerfd, timer);
    if (now_on(t) < t->expires_ns) {
        arm(t); /* somebody set the host's clock back */
        return;
    }
    t->ticks++;
    t->armed = t->rests = t->interval_ns != 0;
    wake_all(&t->expired, POLLIN | POLLRDNORM);
}

/* The periods that passed while it rested. */
static void catch_up(struct timerfd *t)
{
    if (!t->rests)
        return;
    u64 passed = periods_pass(&t->expires_ns, t->interval_ns, now_on(t));
    t->ticks += max_u64(passed, 1) - 1; /* the expiry itself was counted */
    arm(t);
}

static bool has_expired(void *arg)
{
    return ((const struct timerfd *)arg)->ticks != 0;
}

static long timerfd_read(struct file *f, struct io *io, unused_arg u64 *offset)
{
    struct timerfd *t = timerfd_of(f);
    if (io->remaining < sizeof(u64))
        return -EINVAL;
    if (!t->ticks && (f->flags & O_NONBLOCK))
        return -EAGAIN;
    int error = wait_until(&t->expired, has_expired, t, NO_DEADLINE);
    if (error)
        return error;
    catch_up(t);
    u64 ticks = t->ticks;
    t->ticks = 0;
    return io_put(io, &ticks, sizeof(ticks)) == sizeof(ticks) ? (long)sizeof(ticks) : -EFAULT;
}

static u32 timerfd_poll(struct file *f, struct poll_wait *w)
{
    struct timerfd *t = timerfd_of(f);
    poll_enter(w, &t->expired, POLLIN | POLLRDNORM);
    return t->ticks ? POLLIN : 0;
}

static void timerfd_close(struct file *f)
{
    struct timerfd *t = timerfd_of(f);
    timer_cancel(&t->timer);
    heap_free(t);
}

static u64 left_ns(const struct timerfd *t)
{
    u64 now_ns = now_on(t);
    return t->armed && t->expires_ns > now_ns ? t->expires_ns - now_ns : 0;
}

static size_t describe(struct file *f, char *out, size_t size)
{
    const struct timerfd *t = timerfd_of(f);
    u64 left = left_ns(t);
    int n = format_text(out, size,
                        "clockid: %d\nticks: %llu\nsettime flags: 0%o\nit_value: (%llu, %llu)\n"
                        "it_interval: (%llu, %llu)\n",
                        t->clock, (unsigned long long)t->ticks, t->settime_flags,
                        left / NSEC_PER_SEC, left % NSEC_PER_SEC, t->interval_ns / NSEC_PER_SEC,
                        t->interval_ns % NSEC_PER_SEC);
    return min_u64((u64)n, size);
}

static const struct file_operations timerfd_operations = {
    .read = timerfd_read, .seek = file_seek_nowhere, .is_stream = true, .kind = "[timerfd]",
    .poll = timerfd_poll, .close = timerfd_close, .describe = describe,
};

bool file_is_timerfd(const struct file *f) { return f->operations == &timerfd_operations; }
int timerfd_clock(const struct file *f) { return timerfd_of(f)->clock; }

int timerfd_open(int clock, u32 flags, struct file **out)
{
    struct timerfd *t = heap_alloc_zeroed(sizeof(*t));
    if (!t)
        return -ENOMEM;
    t->clock = clock;
    timer_init(&t->timer, due);
    wait_queue_init(&t->expired);
    *out = anonymous_file(&timerfd_operations, O_RDWR | (flags & O_NONBLOCK), t);
    if (!*out)
        heap_free(t);
    return *out ? 0 : -ENOMEM;
}

void timerfd_get(struct file *f, u64 *value_ns, u64 *interval_ns)
{
    struct timerfd *t = timerfd_of(f);
    catch_up(t);
    *value_ns = left_ns(t);
    *interval_ns = t->interval_ns;
}

void timerfd_set(struct file *f, u32 flags, u64 value_ns, u64 interval_ns)
{
    struct timerfd *t = timerfd_of(f);
    timer_cancel(&t->timer);
    t->armed = t->rests = false;
    t->ticks = 0;
    t->settime_flags = flags;
    t->interval_ns = interval_ns;
    if (!value_ns)
        return;
    t->expires_ns = flags & TFD_TIMER_ABSTIME ? value_ns : now_on(t) + value_ns;
    arm(t);
    if (t->expires_ns <= now_on(t)) {
        timer_cancel(&t->timer);
        due(&t->timer);
    }
}
