#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./levels: for each L1 boots a Linux guest that boots guests of its own. Speaks TAP, that of
# the L1s. usage: levels-guest.sh L0PARAMETERS/CPUS/CELL+CELL…[/CPU]… (./levels --help)
set -u
. ./l1-cpus.sh

limit=2000

# Where L1's processors stand, from QEMU's monitor, if it does not end by itself.
end_hung_l1()
{
	sleep "$limit"
	echo "# L1 is still there after $limit seconds"
	printf 'info registers -a\n' >&7
	sleep 2
	grep -aE 'CPU#|RIP=|EFL=' /tmp/monitor | sed 's/^/# L1: /'
	kill -KILL "$l1"
}

run_l1()
{
	local parameters cpus cells cpu words= cell name l1 watcher status
	IFS=/ read -r parameters cpus cells cpu <<<"$1"
	name="levels, L0 $parameters, L1 with $cpus, CPU ${cpu:=plain}"
	[ "$parameters" != none ] || parameters=
	echo "# program: $name"
	rmmod kvm_intel
	# Parameters are words.
	# shellcheck disable=SC2086
	insmod /lab/modules/kvm-intel.ko ${parameters//,/ } || return
	for cell in ${cells//+/ }; do words+=" lab.cell=$cell"; done
	rm -f /tmp/monitor.in /tmp/monitor.out
	mkfifo /tmp/monitor.in /tmp/monitor.out
	cat /tmp/monitor.out >/tmp/monitor &
	exec 7<>/tmp/monitor.in
	APPEND="lab.exec=levels-l1.sh$words" INITRD=/tmp/initrd /lab/guest/boot -m 768 -smp "$cpus" -cpu "$(l1_cpu "$cpu")" \
		-drive file=/dev/sdb,format=raw,readonly=on,if=virtio \
		-chardev pipe,id=monitor,path=/tmp/monitor -mon chardev=monitor </dev/null > >(sed -u 's|\r$||') &
	l1=$!
	end_hung_l1 &
	watcher=$!
	wait "$l1"
	status=$?
	kill "$watcher" 2>/dev/null
	exec 7>&-
	return "$status"
}

cat /lab/guest/initrd /lab/guest/modules.cpio /lab/guest/load.cpio l1.cpio >/tmp/initrd
for l1 in "$@"; do
	run_l1 "$l1"
	echo "# status: $?"
done
