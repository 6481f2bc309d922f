// SPDX-License-Identifier: GPL-2.0-only
/*
 * Preloaded into Bochs to give its debugger one more command, "snapshot": Bochs can save its state,
 * but offers that in graphical front ends only. The debugger reads its rc file with fgets(), and
 * does so between two instructions, where the state is whole.
 *
 * The command saves to the directory in LAB_SNAPSHOT and ends the process: 0 saved, 1 not.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* bx_real_sim_c::save_state(const char *), called as a plain function with `this` in front */
#define SAVE_STATE "_ZN13bx_real_sim_c10save_stateEPKc"

static void take_snapshot(void)
{
	void **sim = dlsym(RTLD_DEFAULT, "SIM");
	bool (*save_state)(void *, const char *);
	const char *directory = getenv("LAB_SNAPSHOT");

	*(void **)&save_state = dlsym(RTLD_DEFAULT, SAVE_STATE);
	if (!sim || !save_state || !directory) {
		fprintf(stderr, "snapshot: expected SIM, %s and LAB_SNAPSHOT\n", SAVE_STATE);
		_exit(1);
	}
	_exit(save_state(*sim, directory) ? 0 : 1);
}

char *fgets(char *line, int size, FILE *file)
{
	static char *(*next)(char *, int, FILE *);

	if (!next)
		*(void **)&next = dlsym(RTLD_NEXT, "fgets");
	line = next(line, size, file);
	if (line && strcmp(line, "snapshot\n") == 0)
		take_snapshot();
	return line;
}
