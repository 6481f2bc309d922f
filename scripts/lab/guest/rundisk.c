// SPDX-License-Identifier: GPL-2.0-only
#include "rundisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#define RUN_DISK  "/dev/sdc"
#define READ_SIZE (256 * 1024)

static long long result_offset;

static pid_t spawn_tar(char *const argv[], int in, int out)
{
	pid_t pid = fork();

	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0) {
		if (in >= 0)
			dup2(in, STDIN_FILENO);
		if (out >= 0)
			dup2(out, STDOUT_FILENO);
		execv("/bin/busybox", argv);
		_exit(127);
	}
	return pid;
}

static void wait_tar(pid_t pid, const char *what)
{
	int status;

	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		give_up("tar %s failed with wait status %#x", what, status);
}

static void copy_payload(int disk, void *buffer, long long bytes, int to)
{
	off_t at = PAYLOAD_OFFSET;

	while (bytes > 0) {
		ssize_t got = pread(disk, buffer, READ_SIZE, at);

		if (got <= 0)
			give_up("read %s: %s", RUN_DISK, got ? strerror(errno) : "end of disk");
		at += got;
		if (got > bytes)
			got = bytes;
		bytes -= got;
		if (write(to, buffer, (size_t)got) != got)
			give_up("tar stopped reading the payload");
	}
}

void rundisk_unpack(void)
{
	char *const argv[] = { "tar", "xf", "-", "-C", "/lab", NULL };
	long long now, bytes;
	struct timespec time = { 0 };
	void *buffer;
	int pipefd[2];
	pid_t tar;
	/* O_DIRECT: what the page cache holds of this disk is from before the snapshot */
	int disk = open(RUN_DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);

	if (disk < 0 || posix_memalign(&buffer, 4096, READ_SIZE))
		give_up("open %s: %s", RUN_DISK, strerror(errno));
	if (pread(disk, buffer, PAYLOAD_OFFSET, 0) != PAYLOAD_OFFSET)
		give_up("read %s: %s", RUN_DISK, strerror(errno));
	if (sscanf(buffer, "kvmxx-lab %lld %lld %lld", &now, &bytes, &result_offset) != 3)
		give_up("%s: no run header", RUN_DISK);

	time.tv_sec = (time_t)now;
	clock_settime(CLOCK_REALTIME, &time);

	if (pipe2(pipefd, O_CLOEXEC) < 0)
		give_up("pipe: %s", strerror(errno));
	tar = spawn_tar(argv, pipefd[0], -1);
	close(pipefd[0]);
	copy_payload(disk, buffer, bytes, pipefd[1]);
	close(pipefd[1]);
	wait_tar(tar, "of the payload");
	free(buffer);
	close(disk);
}

void rundisk_save(void)
{
	char *const argv[] = { "tar", "cf", "-", "-C", "/lab/out", ".", NULL };
	int disk = open(RUN_DISK, O_WRONLY | O_CLOEXEC);

	if (disk < 0 || lseek(disk, result_offset, SEEK_SET) < 0)
		give_up("open %s: %s", RUN_DISK, strerror(errno));
	wait_tar(spawn_tar(argv, -1, disk), "of the results (larger than --out-size?)");
	if (fsync(disk) < 0)
		give_up("write %s: %s", RUN_DISK, strerror(errno));
	close(disk);
}
