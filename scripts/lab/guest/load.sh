#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
# usage: load ROUNDS
#
# In the small guest: a load of all its processors, its memory and its disk, checked as it goes. A line for
# each round; the last names the checksum of what the disk must hold then.

rounds=$1
mib=1048576

for module in /drivers/*.ko; do
	[ -e "$module" ] && insmod "$module"
done
# The driver may still look for it.
until [ -b /dev/vda ] || [ -b /dev/sda ]; do usleep 10000; done
disk=/dev/vda
[ -b $disk ] || disk=/dev/sda

fail()
{
	echo "lab guest: load failed: $*"
	exit 1
}

# A mebibyte that is different in each round.
pattern()
{
	yes "round $1 of the load" | head -c $mib
}

sum()
{
	md5sum | cut -d' ' -f1
}

on_all_cpus()
{
	for cpu in $(seq "$(grep -c ^processor /proc/cpuinfo)"); do
		pattern "$1" | sum >"/tmp/cpu$cpu" &
	done
	wait
	for cpu in /tmp/cpu*; do
		[ "$(cat "$cpu")" = "$2" ] || fail "processor: ${cpu#/tmp/cpu} in round $1"
	done
}

in_memory()
{
	pattern "$1" >/tmp/a
	cat /tmp/a /tmp/a /tmp/a /tmp/a >/tmp/b
	[ "$(tail -c $mib /tmp/b | sum)" = "$2" ] || fail "memory in round $1"
	rm /tmp/a /tmp/b
}

on_disk()
{
	pattern "$1" | dd of=$disk bs=64k seek=$((16 * ($1 - 1))) conv=fsync,notrunc 2>/dev/null
	echo 3 >/proc/sys/vm/drop_caches
	[ "$(dd if=$disk bs=64k skip=$((16 * ($1 - 1))) count=16 2>/dev/null | sum)" = "$2" ] ||
		fail "disk in round $1"
}

mount -t tmpfs tmpfs /tmp
for round in $(seq "$rounds"); do
	expected=$(pattern "$round" | sum)
	on_all_cpus "$round" "$expected"
	in_memory "$round" "$expected"
	on_disk "$round" "$expected"
	echo "lab guest: load, round $round of $rounds"
done
echo "lab guest: load done, disk $(dd if=$disk bs=64k count=$((16 * rounds)) 2>/dev/null | sum)"
