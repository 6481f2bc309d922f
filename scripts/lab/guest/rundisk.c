// SPDX-License-Identifier: GPL-2.0-only
#include "rundisk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "frame.h"

#define RUN_PARTITION "/dev/sdc1"
#define RESULT_PARTITION "/dev/sdc2"

static void set_clock(const char *path)
{
	struct timespec now = {0};
	long long seconds;
	FILE *file = fopen(path, "re");

	if (!file || fscanf(file, "%lld", &seconds) != 1)
		give_up("%s: no time", path);
	fclose(file);
	now.tv_sec = (time_t)seconds;
	clock_settime(CLOCK_REALTIME, &now);
}

void rundisk_mount(void)
{
	mkdir("/lab/run", 0755);
	if (mount(RUN_PARTITION, "/lab/run", "ext4", MS_NOATIME, NULL) < 0)
		give_up("mount %s: %s", RUN_PARTITION, strerror(errno));
	if (mount("/lab/run/add", "/lab/add", NULL, MS_BIND, NULL) < 0)
		give_up("bind /lab/run/add: %s", strerror(errno));
	if (access("/lab/run/kvm-intel.ko", F_OK) == 0)
		symlink("/lab/run/kvm-intel.ko", "/lab/modules/kvm-intel.ko");
	set_clock("/lab/run/time");
}

void rundisk_save(void)
{
	int status, disk = open(RESULT_PARTITION, O_WRONLY | O_CLOEXEC);
	pid_t pid;

	if (disk < 0)
		give_up("open %s: %s", RESULT_PARTITION, strerror(errno));
	pid = fork();
	if (pid < 0)
		give_up("fork: %s", strerror(errno));
	if (pid == 0) {
		dup2(disk, STDOUT_FILENO);
		execl("/bin/busybox", "tar", "cf", "-", "-C", "/lab/out", ".", NULL);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0 || fsync(disk) < 0)
		give_up("/lab/out does not fit the run disk (tar's wait status %#x)", status);
	close(disk);
}
