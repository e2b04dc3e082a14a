/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The root image: a cpio archive in "newc" form (magic 070701) as elfin/image/cpio.py writes it
 * and files/ reads it. Beyond newc:
 *
 * - the data of every non-empty regular file starts at a multiple of ELFIN_IMAGE_PAGE: the name
 *   has as many NULs behind it as that takes, and c_namesize counts them all (so it can reach
 *   4096 more than the path);
 * - after the data of a regular file come zeros up to the next multiple of ELFIN_IMAGE_PAGE, then
 *   the next header. (After a symlink's target: to the next multiple of 4, as always in newc.)
 *   So whole pages can be mapped in place, the last one with zeros beyond the end of the file.
 *   A reader that meets an archive of another writer skips zeros between entries: no header
 *   begins with a zero byte;
 * - c_check, which newc leaves unused, holds the nanoseconds of the modification time;
 * - names are relative ("usr/bin/env"), the root is ".", sorted so that a directory precedes what
 *   lies in it; every parent is present; regular files, directories, symlinks and character devices
 *   only;
 * - the names of one file (hard links) share their inode number and c_nlink, the count of names;
 *   its data stands at the last of them, the others have c_filesize 0, as newc has it;
 * - what lies in the folder ELFIN_IMAGE_OWN is for the kernel: the program has no such folder. So far
 *   that is ELFIN_IMAGE_REWRITE, the rewriting plans (docs/decisions/0801-rewrite-plans.md);
 * - the entry named TRAILER!!! ends it; the image's size is a multiple of ELFIN_IMAGE_PAGE.
 */
#pragma once

#define ELFIN_IMAGE_PAGE 4096
#define ELFIN_IMAGE_HEADER_BYTES 110
#define ELFIN_IMAGE_MAX_PATH 4095
#define ELFIN_IMAGE_OWN ".elfin"
#define ELFIN_IMAGE_REWRITE ".elfin/rewrite"
