// SPDX-License-Identifier: GPL-2.0-only
/*
 * Process 1 of a lab machine: brings the machine up, reports "ready", runs /lab/run/start.sh from
 * the run disk and carries its output to the host. The host ends the machine after FRAME_DONE.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/wait.h>
#include <unistd.h>

#include "boot.h"
#include "frame.h"
#include "rundisk.h"

enum { OUT, ERR, EVENT, CHANNELS };

static const enum frame_type channel_frame[CHANNELS] = {FRAME_STDOUT, FRAME_STDERR, FRAME_EVENT};

static int open_channel(int *write_end)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		give_up("pipe: %s", strerror(errno));
	*write_end = fds[1];
	return fds[0];
}

static void spawn_start(const int to[CHANNELS])
{
	static char *const argv[] = {"bash", "/lab/run/start.sh", NULL};
	static char *const envp[] = {"PATH=/usr/sbin:/usr/bin", "HOME=/root", "TERM=dumb",
				     "LC_ALL=C", NULL};
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid > 0)
		return;
	setsid();
	dup2(open("/dev/null", O_RDONLY), STDIN_FILENO);
	dup2(to[OUT], STDOUT_FILENO);
	dup2(to[ERR], STDERR_FILENO);
	dup2(to[EVENT], 3);
	if (chdir("/lab/add") == 0)
		execve("/bin/bash", argv, envp);
	_exit(127);
}

/* Returns what read() did; 0 is the end of the channel. */
static ssize_t forward(int fd, enum frame_type type)
{
	char buffer[4096];
	ssize_t got = read(fd, buffer, sizeof(buffer));

	if (got > 0)
		frame_send(type, buffer, (size_t)got);
	return got;
}

/*
 * start.sh is the only holder of its event channel, so its end is the end of the run. What the
 * command left running may hold stdout and stderr open for ever: take what is there, no more.
 */
static void carry(const int from[CHANNELS])
{
	struct pollfd polls[CHANNELS];

	for (int i = 0; i < CHANNELS; i++) {
		fcntl(from[i], F_SETFL, O_NONBLOCK);
		polls[i] = (struct pollfd){.fd = from[i], .events = POLLIN};
	}
	while (polls[EVENT].fd >= 0) {
		if (poll(polls, CHANNELS, -1) < 0)
			continue;
		for (int i = 0; i < CHANNELS; i++)
			if (polls[i].revents && forward(from[i], channel_frame[i]) == 0)
				polls[i].fd = -1;
	}
	for (int i = 0; i < EVENT; i++)
		while (forward(from[i], channel_frame[i]) > 0)
			;
}

/*
 * XCHG BX,BX does nothing on a CPU; with "magic_break" Bochs stops there, which is how a snapshot
 * is taken at exactly this instruction. A restored machine continues behind it.
 */
static void snapshot_point(void)
{
	asm volatile("xchg %bx, %bx");
}

int main(void)
{
	int from[CHANNELS], to[CHANNELS];

	boot_early();
	frame_open("/dev/ttyS1");
	boot_root();
	boot_mounts();
	boot_warm();
	frame_text(FRAME_STAGE, "ready");
	frame_drain();
	snapshot_point();
	frame_text(FRAME_STAGE, "started");
	rundisk_mount();
	for (int i = 0; i < CHANNELS; i++)
		from[i] = open_channel(&to[i]);
	spawn_start(to);
	signal(SIGCHLD, SIG_IGN); /* orphans come to process 1: have the kernel reap them */
	for (int i = 0; i < CHANNELS; i++)
		close(to[i]);
	carry(from);
	signal(SIGCHLD, SIG_DFL);
	rundisk_save();
	frame_text(FRAME_DONE, "done");
	frame_drain();
	reboot(RB_POWER_OFF);
	give_up("power-off failed: %s", strerror(errno));
}
