#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./reload: speaks TAP.
set -u

loads=50
killed=20
number=0

judge()
{
	number=$((number + 1))
	if (($2 == 0)); then echo "ok $number $1"; else echo "not ok $number $1"; fi
}

module=$(ls /lab/modules/kvm-intel.ko)

removed()
{
	rmmod kvm_intel && [[ ! -e /dev/kvm ]]
}

loaded()
{
	insmod "$module" && [[ -e /dev/kvm ]]
}

load_again_and_again()
{
	local i
	for ((i = 1; i <= loads; i++)); do
		removed || { echo "# rmmod number $i failed"; return 1; }
		loaded || { echo "# insmod number $i failed"; return 1; }
	done
}

# Starts a guest and kills QEMU as soon as it has said that many lines: its BIOS has a port for that, the kernel
# its console.
kill_after()
{
	local lines=$1 line qemu
	exec {output}< <(APPEND=loglevel=7 exec /lab/guest/boot -smp 2 -debugcon file:/dev/stdout \
		-global isa-debugcon.iobase=0x402 2>&1)
	qemu=$!
	while ((lines)) && read -r -t 60 -u "$output" line; do ((lines--)); done
	kill -KILL "$qemu"
	wait "$qemu" 2>/dev/null
	exec {output}<&-
	((lines == 0))
}

# All but the last while the BIOS runs.
kill_many()
{
	local i lines
	for ((i = 1; i <= killed; i++)); do
		lines=$((i < killed ? i * 3 : 150))
		kill_after "$lines" || { echo "# QEMU number $i was silent before line $lines"; return 1; }
		echo "# QEMU number $i killed after $lines lines, at ${SECONDS} s"
	done
}

echo "TAP version 13"
echo "1..4"
dmesg | wc -l >/tmp/before
load_again_and_again
judge "loaded_${loads}_times" $?
kill_many
judge "killed_${killed}_qemus" $?
# Removing kvm_intel destroys the slab cache of the vCPUs, which complains about each that was left.
removed && loaded
judge "removed_and_loaded_after_all" $?
dmesg | tail -n "+$(($(cat /tmp/before) + 1))" | grep -E 'WARNING|BUG|Oops|INFO:|leak' >/tmp/said
sed 's/^/# /' /tmp/said
[[ ! -s /tmp/said ]]
judge "the_kernel_has_nothing_to_say" $?
