// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into Bochs when it restores a snapshot: it would first copy the whole memory file,
 * holes and all, to a temporary file, and then read the used blocks from there. Here the copy comes
 * out empty and the "temporary" file is the snapshot's own, opened for reading only. That is right
 * as long as Bochs does not swap guest memory out to it: all of the guest's memory must fit the
 * host's share (option `memory`).
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define MEMORY_FILE "/memory.ram"

static char memory_file[PATH_MAX];

static int is_memory_file(const char *path)
{
	size_t length = strlen(path), suffix = strlen(MEMORY_FILE);

	return length > suffix && length < sizeof(memory_file) &&
	       strcmp(path + length - suffix, MEMORY_FILE) == 0;
}

static FILE *open_file(const char *path, const char *mode)
{
	static FILE *(*next)(const char *, const char *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "fopen64");
	return next(path, mode);
}

FILE *fopen64(const char *path, const char *mode)
{
	if (mode[0] == 'r' && is_memory_file(path)) {
		strcpy(memory_file, path);
		return open_file("/dev/null", mode);
	}
	return open_file(path, mode);
}

FILE *tmpfile64(void)
{
	static FILE *(*next)(void);

	if (memory_file[0])
		return open_file(memory_file, "r");
	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "tmpfile64");
	return next();
}
