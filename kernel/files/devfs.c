/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * /dev: devices, and links into /proc/self/fd.
 *
 * See: null(4), random(4), fd(4), tty(4)
 */
#include "files/devices.h"
#include "lib/string.h"

static const struct {
    const char *name;
    u32 mode;
    u64 rdev;
    const char *target;
} entries[] = {
    {"null", S_IFCHR | 0666, DEVICE_NULL, NULL},
    {"zero", S_IFCHR | 0666, DEVICE_ZERO, NULL},
    {"full", S_IFCHR | 0666, DEVICE_FULL, NULL},
    {"random", S_IFCHR | 0666, DEVICE_RANDOM, NULL},
    {"urandom", S_IFCHR | 0666, DEVICE_URANDOM, NULL},
    {"tty", S_IFCHR | 0666, DEVICE_TTY, NULL},
    {"ptmx", S_IFCHR | 0666, DEVICE_PTMX, NULL},
    {"console", S_IFCHR | 0600, DEVICE_CONSOLE, NULL},
    {"fd", S_IFLNK | 0777, 0, "/proc/self/fd"},
    {"stdin", S_IFLNK | 0777, 0, "/proc/self/fd/0"},
    {"stdout", S_IFLNK | 0777, 0, "/proc/self/fd/1"},
    {"stderr", S_IFLNK | 0777, 0, "/proc/self/fd/2"},
    {"shm", S_IFDIR | 0755, 0, NULL},
    {"pts", S_IFDIR | 0755, 0, NULL},
};

static struct name name(const char *text)
{
    return (struct name){text, strlen(text)};
}

int devfs_mount(void)
{
    static struct file_system fs;
    int error = tmpfs_init(&fs, "devtmpfs", 0755);
    for (unsigned n = 0; !error && n < ARRAY_SIZE(entries); n++)
        tmpfs_add(fs.root, name(entries[n].name), entries[n].mode, entries[n].rdev,
                  entries[n].target, &error);
    fs.source = "udev";
    fs.flags = ST_NOSUID;
    return error ? error : mount_at(&fs, "/dev");
}
