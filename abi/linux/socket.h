/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Sockets: families, types, options, messages and their control data, unix addresses.
 *
 * Holds: facts; x86_64 and aarch64 agree.
 * See:   socket(2), socket(7), send(2), recv(2), cmsg(3), unix(7)
 */
#pragma once

#include <stdint.h>

#define AF_UNSPEC 0
#define AF_UNIX 1
#define AF_INET 2
#define AF_INET6 10
#define AF_NETLINK 16
#define AF_PACKET 17
#define AF_VSOCK 40
#define LINUX_AF_MAX 46

#define SOCK_STREAM 1
#define SOCK_DGRAM 2
#define SOCK_RAW 3
#define SOCK_RDM 4
#define SOCK_SEQPACKET 5
#define LINUX_SOCK_TYPE_MASK 0xf
#define LINUX_SOCK_MAX 11
#define SOCK_CLOEXEC 02000000
#define SOCK_NONBLOCK 04000

#define SHUT_RD 0
#define SHUT_WR 1
#define SHUT_RDWR 2

#define LINUX_SOMAXCONN 4096 /* /proc/sys/net/core/somaxconn */

/* flags of send and recv */
#define MSG_OOB 0x00000001
#define MSG_PEEK 0x00000002
#define MSG_DONTROUTE 0x00000004
#define MSG_CTRUNC 0x00000008
#define MSG_PROXY 0x00000010
#define MSG_TRUNC 0x00000020
#define MSG_DONTWAIT 0x00000040
#define MSG_EOR 0x00000080
#define MSG_WAITALL 0x00000100
#define MSG_FIN 0x00000200
#define MSG_SYN 0x00000400
#define MSG_CONFIRM 0x00000800
#define MSG_RST 0x00001000
#define MSG_ERRQUEUE 0x00002000
#define MSG_NOSIGNAL 0x00004000
#define MSG_MORE 0x00008000
#define MSG_WAITFORONE 0x00010000
#define MSG_ZEROCOPY 0x04000000
#define MSG_FASTOPEN 0x20000000
#define MSG_CMSG_CLOEXEC 0x40000000
#define LINUX_MSG_CMSG_COMPAT 0x80000000u /* never from a 64-bit program */

#define SOL_SOCKET 1
#define SO_DEBUG 1
#define SO_REUSEADDR 2
#define SO_TYPE 3
#define SO_ERROR 4
#define SO_DONTROUTE 5
#define SO_BROADCAST 6
#define SO_SNDBUF 7
#define SO_RCVBUF 8
#define SO_KEEPALIVE 9
#define SO_OOBINLINE 10
#define SO_NO_CHECK 11
#define SO_PRIORITY 12
#define SO_LINGER 13
#define SO_REUSEPORT 15
#define SO_PASSCRED 16
#define SO_PEERCRED 17
#define SO_RCVLOWAT 18
#define SO_SNDLOWAT 19
#define SO_RCVTIMEO 20
#define SO_SNDTIMEO 21
#define SO_BINDTODEVICE 25
#define SO_TIMESTAMP 29
#define SO_ACCEPTCONN 30
#define SO_PEERSEC 31
#define SO_SNDBUFFORCE 32
#define SO_RCVBUFFORCE 33
#define SO_PASSSEC 34
#define SO_MARK 36
#define SO_PROTOCOL 38
#define SO_DOMAIN 39
#define SO_RXQ_OVFL 40
#define SO_PEEK_OFF 42
#define SO_BUSY_POLL 46
#define SO_INCOMING_CPU 49
#define SO_COOKIE 57
#define SO_PEERGROUPS 59

#define SCM_RIGHTS 1
#define SCM_CREDENTIALS 2
#define LINUX_SCM_MAX_FD 253 /* descriptors in one message */

#define SIOCOUTQ 0x5411
#define SIOCINQ 0x541B

#define LINUX_SOCKADDR_MAX 128 /* struct sockaddr_storage */
#define LINUX_UNIX_PATH_MAX 108
#define LINUX_OPTMEM_MAX 131072 /* most control data of one message */

struct linux_sockaddr_un {
    uint16_t sun_family;
    char sun_path[LINUX_UNIX_PATH_MAX];
};

struct linux_msghdr {
    uint64_t msg_name; /* address in the program */
    int32_t msg_namelen;
    uint32_t padding;
    uint64_t msg_iov; /* address */
    uint64_t msg_iovlen;
    uint64_t msg_control; /* address */
    uint64_t msg_controllen;
    uint32_t msg_flags;
    uint32_t padding_2;
};

struct linux_mmsghdr {
    struct linux_msghdr msg_hdr;
    uint32_t msg_len;
    uint32_t padding;
};

/* The data follow; the next one is aligned to 8 bytes. */
struct linux_cmsghdr {
    uint64_t cmsg_len; /* with this header */
    int32_t cmsg_level;
    int32_t cmsg_type;
};

struct linux_ucred {
    int32_t pid;
    uint32_t uid;
    uint32_t gid;
};

struct linux_linger {
    int32_t l_onoff;
    int32_t l_linger;
};
