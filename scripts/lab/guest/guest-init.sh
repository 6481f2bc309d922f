#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# /init of the small guests that run inside the lab (/lab/guest/initrd).
# Kernel command line: lab.exec=WORD runs /WORD of the initrd (append a cpio archive to bring one).
# lab.load=ROUNDS runs the load (/lab/guest/load.cpio).
# Modules in /modules (append /lab/guest/modules.cpio) are not loaded.

/bin/busybox mkdir -p /dev /proc /sys /tmp /sbin /usr/bin /usr/sbin
/bin/busybox mount -t devtmpfs dev /dev
/bin/busybox mount -t proc proc /proc
/bin/busybox mount -t sysfs sys /sys
/bin/busybox --install -s
export PATH=/sbin:/usr/sbin:/bin:/usr/bin

echo "lab guest: init reached, kernel $(uname -r), $(grep -c ^processor /proc/cpuinfo) cpu(s)"
for word in $(cat /proc/cmdline); do
	case $word in
	lab.exec=*)
		"/${word#lab.exec=}"
		echo "lab guest: ${word#lab.exec=} ended with status $?"
		;;
	lab.load=*)
		/load "${word#lab.load=}"
		;;
	esac
done
poweroff -f
