#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./savevm: speaks TAP. usage: savevm-guest.sh VCPUS [nested:]FROM:TO…
set -u

rounds=2
vcpus=$1
shift

use_module()
{
	rmmod kvm_intel && insmod "./$1.ko" || { echo "# $1.ko was not loaded"; return 1; }
}

# Starts QEMU with its console in a file and its monitor behind descriptor 7. A plain CPU model: what the two
# modules offer may differ. A hypervisor takes what there is, and gets the root disk of this machine, since it
# runs QEMU, too.
start_qemu()
{
	local guest=(-cpu "Nehalem,vmx=off" -m 128) append="lab.load=$rounds" initrd=/tmp/initrd
	if $nested; then
		guest=(-cpu host -m 448 -drive file=/dev/sdb,format=raw,readonly=on,if=virtio)
		append="lab.exec=levels-l1.sh lab.cell=distro:1:none:$rounds"
		initrd=/tmp/initrd.nested
	fi
	rm -f /tmp/monitor.in /tmp/monitor.out
	mkfifo /tmp/monitor.in /tmp/monitor.out
	APPEND=$append INITRD=$initrd /lab/guest/boot "${guest[@]}" -smp "$vcpus" \
		-drive file=/tmp/disk.qcow2,format=qcow2,if=virtio \
		-chardev pipe,id=monitor,path=/tmp/monitor -mon chardev=monitor "${@:2}" >"$1" 2>&1 &
	qemu=$!
	exec 7<>/tmp/monitor.in
	cat /tmp/monitor.out >/tmp/monitor &
}

# Until the guest's console has said it, or QEMU ends.
wait_for_line()
{
	grep -q -m1 -- "$2" < <(tail -n +1 -f --pid="$qemu" "$1")
}

complain()
{
	echo "# $1"
	sed 's/^/# monitor: /' /tmp/monitor | tail -n 5
	sed 's/^/# guest: /' "$2" | tail -n 10
	kill -KILL "$qemu" 2>/dev/null
	exec 7>&-
	return 1
}

# What the disk must hold at the end: the same as scripts/lab/guest/load.sh writes.
expected_sum()
{
	local round
	for ((round = 1; round <= rounds; round++)); do
		yes "round $round of the load" | head -c 1048576
	done | md5sum | cut -d' ' -f1
}

save_and_continue()
{
	local pair=${1#nested:} from to sum
	from=${pair%:*} to=${pair#*:}
	nested=false
	[ "$pair" = "$1" ] || nested=true
	cp disk.qcow2 /tmp/disk.qcow2
	: >/tmp/first
	: >/tmp/second

	use_module "$from" || return
	start_qemu /tmp/first
	wait_for_line /tmp/first "round 1 of $rounds" || { complain "the guest did not get to its load" /tmp/first; return; }
	printf 'savevm middle\nquit\n' >&7
	wait "$qemu" || { complain "QEMU did not save the guest" /tmp/first; return; }
	exec 7>&-
	if grep -q 'load done' /tmp/first; then echo "# the load was over before it was saved"; return 1; fi

	use_module "$to" || return
	start_qemu /tmp/second -loadvm middle
	wait "$qemu" || { complain "QEMU did not continue the guest" /tmp/second; return; }
	exec 7>&-
	sum=$(expected_sum)
	grep -q "load done, disk $sum" /tmp/second || { complain "the guest did not finish its load, disk $sum" /tmp/second; return; }
	if grep -q 'init reached' /tmp/second; then complain "the guest began anew" /tmp/second; return; fi
}

cat /lab/guest/initrd /lab/guest/load.cpio >/tmp/initrd
cat /tmp/initrd /lab/guest/modules.cpio l1.cpio >/tmp/initrd.nested
echo "TAP version 13"
echo "1..$#"
number=0
for case in "$@"; do
	number=$((number + 1))
	name=${case#nested:}
	name="${name%:*}_to_${name#*:}"
	[ "${case#nested:}" = "$case" ] || name="nested_$name"
	if save_and_continue "$case"; then echo "ok $number $name"; else echo "not ok $number $name"; fi
done
