/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * errno values, as asm-generic has them; x86_64 and aarch64 agree.
 *
 * Holds: the numbers a handler returns negated, and the four restart codes that never reach a
 *        program. tools/gen_abi.py reads the names from this file for the tracer.
 * See:   errno(3)
 */
#pragma once

#define EPERM 1          /* not the owner, or lacks the capability */
#define ENOENT 2         /* no such name */
#define ESRCH 3          /* no such process or thread */
#define EINTR 4          /* a signal arrived first */
#define EIO 5            /* the device failed */
#define ENXIO 6
#define E2BIG 7          /* argv and envp too long */
#define ENOEXEC 8        /* not a program */
#define EBADF 9          /* not an open descriptor, or not open for this */
#define ECHILD 10        /* no child to wait for */
#define EAGAIN 11        /* would block; try again */
#define EWOULDBLOCK EAGAIN
#define ENOMEM 12        /* no memory */
#define EACCES 13        /* permission bits forbid it */
#define EFAULT 14        /* address not mapped for this */
#define ENOTBLK 15
#define EBUSY 16         /* in use */
#define EEXIST 17        /* name already exists */
#define EXDEV 18         /* across mounts */
#define ENODEV 19        /* no such device */
#define ENOTDIR 20       /* a path component is not a directory */
#define EISDIR 21        /* is a directory */
#define EINVAL 22        /* argument makes no sense */
#define ENFILE 23
#define EMFILE 24        /* RLIMIT_NOFILE reached */
#define ENOTTY 25        /* this ioctl is not for this file */
#define ETXTBSY 26
#define EFBIG 27         /* beyond RLIMIT_FSIZE or the largest offset */
#define ENOSPC 28        /* no room on the device */
#define ESPIPE 29        /* pipes and sockets have no offset */
#define EROFS 30         /* read-only mount */
#define EMLINK 31
#define EPIPE 32         /* nobody reads */
#define EDOM 33
#define ERANGE 34        /* result does not fit */
#define EDEADLK 35
#define EDEADLOCK EDEADLK
#define ENAMETOOLONG 36  /* name or path too long */
#define ENOLCK 37
#define ENOSYS 38        /* the call does not exist here */
#define ENOTEMPTY 39     /* directory not empty */
#define ELOOP 40         /* too many symbolic links */
#define ENOMSG 42
#define EIDRM 43
#define ECHRNG 44
#define EL2NSYNC 45
#define EL3HLT 46
#define EL3RST 47
#define ELNRNG 48
#define EUNATCH 49
#define ENOCSI 50
#define EL2HLT 51
#define EBADE 52
#define EBADR 53
#define EXFULL 54
#define ENOANO 55
#define EBADRQC 56
#define EBADSLT 57
#define EBFONT 59
#define ENOSTR 60
#define ENODATA 61       /* no such attribute */
#define ETIME 62
#define ENOSR 63
#define ENONET 64
#define ENOPKG 65
#define EREMOTE 66
#define ENOLINK 67
#define EADV 68
#define ESRMNT 69
#define ECOMM 70
#define EPROTO 71
#define EMULTIHOP 72
#define EDOTDOT 73
#define EBADMSG 74
#define EOVERFLOW 75     /* value does not fit its type */
#define ENOTUNIQ 76
#define EBADFD 77
#define EREMCHG 78
#define ELIBACC 79
#define ELIBBAD 80
#define ELIBSCN 81
#define ELIBMAX 82
#define ELIBEXEC 83
#define EILSEQ 84
#define ERESTART 85
#define ESTRPIPE 86
#define EUSERS 87
#define ENOTSOCK 88
#define EDESTADDRREQ 89
#define EMSGSIZE 90
#define EPROTOTYPE 91
#define ENOPROTOOPT 92
#define EPROTONOSUPPORT 93
#define ESOCKTNOSUPPORT 94
#define EOPNOTSUPP 95    /* this object cannot do that; also ENOTSUP */
#define ENOTSUP EOPNOTSUPP
#define EPFNOSUPPORT 96
#define EAFNOSUPPORT 97
#define EADDRINUSE 98
#define EADDRNOTAVAIL 99
#define ENETDOWN 100
#define ENETUNREACH 101
#define ENETRESET 102
#define ECONNABORTED 103
#define ECONNRESET 104
#define ENOBUFS 105
#define EISCONN 106
#define ENOTCONN 107
#define ESHUTDOWN 108
#define ETOOMANYREFS 109
#define ETIMEDOUT 110    /* time ran out */
#define ECONNREFUSED 111
#define EHOSTDOWN 112
#define EHOSTUNREACH 113
#define EALREADY 114
#define EINPROGRESS 115
#define ESTALE 116
#define EUCLEAN 117
#define ENOTNAM 118
#define ENAVAIL 119
#define EISNAM 120
#define EREMOTEIO 121
#define EDQUOT 122
#define ENOMEDIUM 123
#define EMEDIUMTYPE 124
#define ECANCELED 125
#define ENOKEY 126
#define EKEYEXPIRED 127
#define EKEYREVOKED 128
#define EKEYREJECTED 129
#define EOWNERDEAD 130
#define ENOTRECOVERABLE 131
#define ERFKILL 132
#define EHWPOISON 133

/*
 * Restart codes: returned inside the kernel only. The shim turns them into a restart of the call
 * or into EINTR, by whether a signal handler ran and by its SA_RESTART. signal(7) names the calls.
 */
#define ERESTARTSYS 512           /* restart if no handler ran, or if it has SA_RESTART */
#define ERESTARTNOINTR 513        /* always restart */
#define ERESTARTNOHAND 514        /* restart only if no handler ran */
#define ERESTART_RESTARTBLOCK 516 /* like NOHAND, but through restart_syscall with what is left */

/* Results in [-LINUX_MAX_ERRNO, -1] are errors; anything else is a value. */
#define LINUX_MAX_ERRNO 4095
