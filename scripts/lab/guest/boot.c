// SPDX-License-Identifier: GPL-2.0-only
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "frame.h"

#define ROOT_DISK "/dev/sdb"

static void mount_at(const char *type, const char *where, const char *options)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, options) < 0 && errno != EBUSY)
		give_up("mount %s on %s: %s", type, where, strerror(errno));
}

/* For what a small kernel of one's own may lack. */
static void try_mount_at(const char *type, const char *where)
{
	mkdir(where, 0755);
	if (mount(type, where, type, 0, NULL) < 0 && errno != EBUSY && errno != ENODEV &&
	    errno != ENOENT)
		give_up("mount %s on %s: %s", type, where, strerror(errno));
}

static void load_module(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	/* ENODEV: made for a CPU that this is not, as the SHA-256 by SSSE3. */
	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != ENODEV))
		give_up("insmod %s: %s", path, strerror(errno));
	close(fd);
}

/* A list names one file a line, dependencies first; what a kernel has built in is on none. */
static void load_listed(const char *list)
{
	char line[256];
	FILE *order = fopen(list, "re");

	if (!order)
		return;
	while (fgets(line, sizeof(line), order)) {
		line[strcspn(line, "\n")] = '\0';
		load_module(line);
	}
	fclose(order);
}

void boot_early(void)
{
	mount_at("devtmpfs", "/dev", NULL);
	mount_at("proc", "/proc", NULL);
	mount_at("sysfs", "/sys", NULL);
}

void boot_root(void)
{
	static const char *const early[] = {"/dev", "/proc", "/sys"};

	load_listed("/drivers/list");

	mkdir("/root", 0755);
	/* noload: the image is shared by all runs, nothing may be written to it, a journal neither
	 */
	if (mount(ROOT_DISK, "/root", "ext4", MS_RDONLY | MS_NOATIME, "noload") < 0)
		give_up("mount %s: %s", ROOT_DISK, strerror(errno));
	/* The initramfs is about to be out of reach, but KVM's modules are wanted later. */
	mount_at("tmpfs", "/root/lab", "mode=0755");
	mkdir("/root/lab/modules", 0755);
	if (mount("/kvm", "/root/lab/modules", NULL, MS_BIND, NULL) < 0)
		give_up("bind /kvm: %s", strerror(errno));
	for (unsigned int i = 0; i < sizeof(early) / sizeof(early[0]); i++) {
		char target[32];

		snprintf(target, sizeof(target), "/root%s", early[i]);
		if (mount(early[i], target, NULL, MS_MOVE, NULL) < 0)
			give_up("move %s: %s", early[i], strerror(errno));
	}
	if (chdir("/root") < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		give_up("switch to the root on %s: %s", ROOT_DISK, strerror(errno));
}

void boot_mounts(void)
{
	mount_at("tmpfs", "/tmp", "mode=1777");
	mount_at("tmpfs", "/run", "mode=0755");
	mount_at("tmpfs", "/var", "mode=0755");
	mount_at("tmpfs", "/root", "mode=0700");
	mount_at("tmpfs", "/dev/shm", "mode=1777");
	try_mount_at("devpts", "/dev/pts");
	try_mount_at("debugfs", "/sys/kernel/debug");
	try_mount_at("tracefs", "/sys/kernel/tracing");
	mkdir("/var/tmp", 01777);
	mkdir("/lab/add", 0755);
	mkdir("/lab/out", 0755);
	if (symlink("/usr/lib/lab/guest", "/lab/guest") < 0)
		give_up("symlink /lab/guest: %s", strerror(errno));
	symlink("/proc/self/fd", "/dev/fd");
	symlink("/proc/self/fd/0", "/dev/stdin");
	symlink("/proc/self/fd/1", "/dev/stdout");
	symlink("/proc/self/fd/2", "/dev/stderr");
}

void boot_warm(void)
{
	pid_t pid;

	load_listed("/lab/modules/list");
	pid = fork();
	if (pid == 0) {
		execl("/bin/bash", "bash", "/usr/lib/lab/warm.sh", NULL);
		_exit(127);
	}
	waitpid(pid, NULL, 0);
}
