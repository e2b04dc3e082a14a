/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Terminals inside: the line discipline, sessions, and what drives a terminal (a pty's master, or
 * the host's terminal). Inside of files/.
 *
 * Holds:    a terminal's modes, its window, what was typed and not yet read, what must still be
 *           echoed, the session it controls.
 * Promises: input is worked off as it arrives, also while nobody reads: signals and echo do not
 *           wait for the program.
 * Locking:  none; nothing here sleeps but read, write and tcdrain.
 * See:      termios(3), ioctl_tty(2), pty(7), credentials(7)
 */
#pragma once

#include "abi/linux/ioctl.h"
#include "files/inode.h"
#include "lib/ring.h"

#define TTY_INPUT_BYTES 4096u    /* Linux's N_TTY_BUF_SIZE: also the longest line */
#define TTY_ECHO_BYTES 4096u
#define TTY_WRITABLE (POLLOUT | POLLWRNORM)
#define TTY_READABLE (POLLIN | POLLRDNORM)

struct tty;

struct tty_driver {
    /* Bytes to the other side: how many it took. */
    size_t (*write)(struct tty *t, const u8 *bytes, size_t n);
    size_t (*room)(const struct tty *t);
    void (*flush_output)(struct tty *t);       /* what the other side has not read is lost */
    void (*input_taken)(struct tty *t);        /* there is room for more input */
    void (*note)(struct tty *t, u8 what);      /* TIOCPKT_*: for a master in packet mode; or NULL */
    bool (*is_gone)(const struct tty *t);      /* nobody is on the other side */
    void (*closed)(struct tty *t);             /* the last open file was closed */
};

struct tty {
    const struct tty_driver *driver;
    const struct file_operations *operations; /* of its open files */
    u64 rdev;
    struct linux_termios2 modes;
    struct linux_winsize window;
    s32 session, foreground;     /* numbers of a session and of a process group; 0: none */
    struct list files;           /* struct tty_file */
    bool exclusive;              /* TIOCEXCL */
    bool stopped;                /* by the STOP character */
    bool held;                   /* by tcflow(TCOOFF) */
    bool writing;                /* a write is under way: others wait for its end */
    struct wait_queue changed;

    /* Input: a ring whose positions only grow; [tail, canon_head) are whole lines. */
    u8 *input;
    u64 line_ends[TTY_INPUT_BYTES / 64]; /* bit: a line ends with this byte */
    u32 head, canon_head, tail;
    bool literal_next;           /* behind VLNEXT */
    bool erasing;                /* ECHOPRT: between \ and / */

    struct ring echo;            /* output of the line discipline that found no room */
    u32 column, canon_column;    /* of the cursor; where the line being typed began */
};

/* An open file of a terminal: its private_data. */
struct tty_file {
    struct list link;
    struct tty *tty;
    struct file *file;
};

static inline bool tty_input_flag(const struct tty *t, u32 flag) { return t->modes.c_iflag & flag; }
static inline bool tty_output_flag(const struct tty *t, u32 flag) { return t->modes.c_oflag & flag; }
static inline bool tty_local_flag(const struct tty *t, u32 flag) { return t->modes.c_lflag & flag; }
static inline bool tty_is_canonical(const struct tty *t) { return tty_local_flag(t, ICANON); }
static inline bool tty_is_stopped(const struct tty *t) { return t->stopped || t->held; }

#if CONFIG_FEATURE_POSIX_TTY
/* tty.c */
extern const struct file_operations tty_file_operations;
struct tty *tty_of(const struct file *f);          /* NULL: not a terminal, or hung up */
int tty_init(struct tty *t, const struct tty_driver *driver, u64 rdev); /* 0, -ENOMEM */
void tty_release(struct tty *t);                   /* frees what init made */
/* Makes f an open file of the terminal. -EBUSY: TIOCEXCL; -ENOMEM. */
int tty_attach(struct tty *t, struct file *f);
void tty_hang_up(struct tty *t);
long tty_ioctl(struct file *f, u32 request, struct user_ptr argument, u64 value);
void tty_close(struct file *f);

/* tty_input.c */
/* One byte from the other side. false: no room, it was not taken. */
bool tty_receive(struct tty *t, u8 c);
void tty_flush_input(struct tty *t);
void tty_erase_forget(struct tty *t);              /* an erasure on paper (ECHOPRT) is over */

/* tty_erase.c: VERASE, VWERASE, VKILL, VREPRINT of the line being typed */
void tty_erase(struct tty *t, u8 c);
void tty_reprint(struct tty *t);

/* tty_read.c */
long tty_read(struct file *f, struct io *io, u64 *offset);
bool tty_has_input(const struct tty *t, bool for_poll);
u32 tty_unread(const struct tty *t);               /* FIONREAD */

/* tty_output.c */
long tty_write(struct file *f, struct io *io, u64 *offset);
void tty_echo(struct tty *t, u8 c);                /* ^X for control characters */
void tty_echo_plain(struct tty *t, u8 c);
void tty_echo_bytes(struct tty *t, const char *bytes, size_t n); /* columns are the caller's */
void tty_flush_echo(struct tty *t);
/* The other side has room again. */
void tty_drained(struct tty *t);
void tty_stop(struct tty *t, bool *why);
void tty_start(struct tty *t, bool *why);
void tty_wake_writers(struct tty *t);

/* tty_modes.c: termios. -ENOIOCTLCMD (-ENOTTY here): not one of these. */
void tty_reset_modes(struct tty *t);
long tty_modes_ioctl(struct tty *t, u32 request, struct user_ptr argument, u64 value);
int tty_set_window(struct tty *t, const struct linux_winsize *w);

/* tty_session.c */
void tty_signal_group(s32 pgid, int signal);
/* May the caller touch its terminal? 0; -ERESTARTSYS: its group gets the signal; -EIO. */
int tty_check_group(const struct tty *t, int signal);
/* A file was opened with these O_* flags: perhaps a terminal, by a session leader that has none. */
void tty_opened(struct file *f, u32 flags);
void tty_forget_session(struct tty *t);            /* nobody has it as its terminal any more */
/* The process ends, or gives its terminal up. */
void tty_leave(struct process *p, bool ends);
/* via_master: asked through a pty's master. */
long tty_session_ioctl(struct tty *t, struct file *f, bool via_master, u32 request,
                       struct user_ptr argument, u64 value);

/* pty.c, devpts.c */
int devpts_mount(void);
int ptmx_open(struct file *f);
int pty_open(struct file *f, u32 number);          /* the slave; -EIO: not there, or locked */
struct inode *devpts_create(u32 number);           /* a slave's inode, held; NULL: no memory */
struct inode *pty_inode(u32 number);               /* not held; NULL: there is no such pty */
s32 pty_next(s32 after);                           /* number of a pty > after, or -1 */
struct path_node *devpts_node(u32 number);         /* held; NULL: no memory */
#define PTY_MOST 4096u

u64 files_boot_flags(void);                        /* files.c: ELFIN_FLAG_* */
/* console.c: the host's terminal */
bool console_exists(void);
int console_open(struct file *f);                  /* /dev/console, /dev/pts/0; -ENXIO */
struct inode *console_inode(void);                 /* not held */
#else
/* No terminals: nothing opens as one. */
static inline int tty_attach(unused_arg struct tty *t, unused_arg struct file *f) { return -ENXIO; }
static inline void tty_opened(unused_arg struct file *f, unused_arg u32 flags) {}
static inline void tty_leave(unused_arg struct process *p, unused_arg bool ends) {}
static inline int ptmx_open(unused_arg struct file *f) { return -ENXIO; }
static inline int pty_open(unused_arg struct file *f, unused_arg u32 number) { return -ENXIO; }
static inline bool console_exists(void) { return false; }
static inline int console_open(unused_arg struct file *f) { return -ENXIO; }
static inline int devpts_mount(void) { return 0; }
#endif
