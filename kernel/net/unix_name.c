/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Names of unix sockets: paths, abstract names, names the kernel chooses.
 *
 * Holds:    bound sockets in two trees, by the inode of their path and by a hash of their abstract
 *           name. Abstract names of different socket types do not meet, as on Linux.
 * Promises: a path whose socket is gone refuses connections until it is unlinked and bound again.
 * See:      unix(7), bind(2)
 */
#include "files/socket_file.h"
#include "lib/random.h"
#include "lib/string.h"
#include "memory/page.h"
#include "net/unix_internal.h"
#include "task/task.h"

#define PATH_AT offsetof(struct linux_sockaddr_un, sun_path)
#define ANY_NAMES 0x100000u

static struct tree by_inode, by_name;

static bool is_abstract(const struct socket_address *a)
{
    return a->length > PATH_AT && a->bytes[PATH_AT] == 0;
}

int unix_address_check(const struct socket_address *a)
{
    bool fits = a->length > PATH_AT && a->length <= sizeof(struct linux_sockaddr_un);
    return fits && a->family == AF_UNIX ? 0 : -EINVAL;
}

/* The path of an address: its bytes up to a NUL, which the program need not have given. */
static void path_of(const struct socket_address *a, char path[LINUX_UNIX_PATH_MAX + 1])
{
    u64 room = a->length - PATH_AT;
    memset(path, 0, LINUX_UNIX_PATH_MAX + 1);
    memcpy(path, a->bytes + PATH_AT, room);
}

static struct unix_name *name_create(const struct socket_address *a)
{
    struct unix_name *n = heap_alloc(sizeof(*n));
    if (n)
        *n = (struct unix_name){.references = 1, .address = *a};
    return n;
}

void unix_name_drop(struct unix_name *n)
{
    if (n && !--n->references)
        heap_free(n);
}

/* --- finding --- */

static u64 hash_of(const struct socket_address *a, u16 type)
{
    u64 h = 0xcbf29ce484222325ull ^ type;
    for (u32 n = PATH_AT; n < a->length; n++)
        h = (h ^ a->bytes[n]) * 0x100000001b3ull;
    return h;
}

static struct unix_socket *find_abstract(const struct socket_address *a, u16 type)
{
    u64 key = hash_of(a, type);
    struct tree_node *n = tree_find(&by_name, key);
    for (; n && n->key == key; n = tree_next(n)) {
        struct unix_socket *u = container_of(n, struct unix_socket, bound);
        const struct socket_address *b = &u->name->address;
        if (u->socket.type == type && b->length == a->length &&
            memcmp(a->bytes, b->bytes, a->length) == 0)
            return u;
    }
    return NULL;
}

static int find_path(const struct socket_address *a, u16 type, struct unix_socket **out)
{
    char path[LINUX_UNIX_PATH_MAX + 1];
    struct inode *i;
    path_of(a, path);
    int error = socket_name_find(path, &i);
    if (error)
        return error;
    struct tree_node *n = tree_find(&by_inode, (uintptr_t)i);
    socket_name_drop(i);
    if (!n)
        return -ECONNREFUSED;
    *out = container_of(n, struct unix_socket, bound);
    return (*out)->socket.type == type ? 0 : -EPROTOTYPE;
}

int unix_find(const struct socket_address *a, u16 type, struct unix_socket **out)
{
    int error = 0;
    if (is_abstract(a)) {
        *out = find_abstract(a, type);
        error = *out ? 0 : -ECONNREFUSED;
    } else {
        error = find_path(a, type, out);
    }
    if (!error)
        unix_hold(*out);
    return error;
}

/* --- binding --- */

static void bind_abstract(struct unix_socket *u, struct unix_name *n)
{
    u->name = n;
    u->is_bound = true;
    tree_insert(&by_name, &u->bound, hash_of(&n->address, u->socket.type));
}

static int bind_path(struct unix_socket *u, const struct socket_address *a)
{
    char path[LINUX_UNIX_PATH_MAX + 1];
    struct inode *i;
    struct socket_address kept = {.length = 0};
    path_of(a, path);
    kept.family = AF_UNIX;
    kept.length = (u32)(PATH_AT + strlen(path) + 1);
    memcpy(kept.bytes + PATH_AT, path, LINUX_UNIX_PATH_MAX);
    struct unix_name *n = name_create(&kept);
    if (!n)
        return -ENOMEM;
    int error = u->name ? -EINVAL : socket_name_make(path, socket_file_mode(u->socket.file), &i);
    if (error) {
        heap_free(n);
        return error;
    }
    u->name = n;
    u->inode = i;
    u->is_bound = true;
    tree_insert(&by_inode, &u->bound, (uintptr_t)i);
    return 0;
}

int unix_bind_any(struct unix_socket *u)
{
    struct socket_address a = {.length = PATH_AT + 6};
    u32 number;
    if (u->name)
        return 0;
    random_bytes((u8 *)&number, sizeof(number));
    a.family = AF_UNIX;
    for (u32 tries = 0; tries < ANY_NAMES; tries++, number++) {
        for (unsigned digit = 0; digit < 5; digit++)
            a.bytes[PATH_AT + 1 + digit] =
                (u8)"0123456789abcdef"[(number >> (4 * (4 - digit))) & 15];
        if (find_abstract(&a, u->socket.type))
            continue;
        struct unix_name *n = name_create(&a);
        if (!n)
            return -ENOMEM;
        bind_abstract(u, n);
        return 0;
    }
    return -ENOSPC;
}

int unix_bind(struct socket *s, const struct socket_address *a)
{
    struct unix_socket *u = unix_of(s);
    if (a->length == PATH_AT && a->family == AF_UNIX)
        return unix_bind_any(u);
    int error = unix_address_check(a);
    if (error)
        return error;
    if (!is_abstract(a))
        return bind_path(u, a);
    if (u->name)
        return -EINVAL;
    if (find_abstract(a, s->type))
        return -EADDRINUSE;
    struct unix_name *n = name_create(a);
    if (!n)
        return -ENOMEM;
    bind_abstract(u, n);
    return 0;
}

void unix_forget_name(struct unix_socket *u)
{
    if (!u->is_bound)
        return;
    tree_remove(u->inode ? &by_inode : &by_name, &u->bound);
    u->is_bound = false;
    if (u->inode)
        socket_name_drop(u->inode);
    u->inode = NULL;
}

int unix_name_of(struct socket *s, bool of_peer, struct socket_address *out)
{
    struct unix_socket *u = unix_of(s);
    if (of_peer)
        u = u->peer;
    if (!u)
        return -ENOTCONN;
    if (u->name) {
        *out = u->name->address;
        return 0;
    }
    *out = (struct socket_address){.length = PATH_AT};
    out->family = AF_UNIX;
    return 0;
}
