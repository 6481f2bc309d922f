#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./machine: speaks TAP. usage: machine-guest.sh [CASE]
set -u

module=$(ls /lab/modules/kvm-intel.ko)
cpu1=/sys/devices/system/cpu/cpu1/online

guest_console=/tmp/guest

# The kernel log from here on; all of it stays, for the lab to look through.
mark()
{
	marks=$((${marks-0} + 1))
	echo "mark $marks." >/dev/kmsg
}

said()
{
	dmesg | sed "1,/mark $marks\\./d"
}

# A guest with as many vCPUs as the machine has CPUs, on its way up.
start_guest()
{
	rm -f $guest_console
	/lab/guest/boot -smp "$(nproc)" >$guest_console 2>&1 &
	guest=$!
	until [[ $(cat /sys/kernel/debug/kvm/exits) -gt 1000 ]]; do
		kill -0 $guest || return
	done
}

# It has to come up, and to power off by itself.
finish_guest()
{
	wait $guest || { echo "# QEMU ended with $?"; return 1; }
	grep -q 'lab guest: init reached' $guest_console
}

busy_module_stays()
{
	start_guest || return
	! rmmod kvm_intel 2>/tmp/output || { echo "# rmmod succeeded"; return 1; }
	grep -q 'in use' /tmp/output || { sed 's/^/# /' /tmp/output; return 1; }
	! insmod "$module" 2>/tmp/output || { echo "# insmod of a module that is there succeeded"; return 1; }
	grep -q 'File exists' /tmp/output || { sed 's/^/# /' /tmp/output; return 1; }
	finish_guest
}

cpu_goes_and_comes_back()
{
	local i
	start_guest || return
	for ((i = 0; i < 6; i++)); do
		{ echo 0 >$cpu1 && echo 1 >$cpu1; } || return
		taskset 2 ./run real_mode >/dev/null 2>&1
	done
	finish_guest && taskset 2 ./run >/tmp/output || { grep -A1 '^not ok' /tmp/output | sed 's/^/# /'; return 1; }
}

# With a CPU away, a module is loaded; it has to take part when it comes.
cpu_comes_to_a_module()
{
	echo 0 >$cpu1 && rmmod kvm_intel && insmod "$module" && echo 1 >$cpu1 &&
		taskset 2 ./run >/tmp/output || { grep -A1 '^not ok' /tmp/output | sed 's/^/# /'; return 1; }
}

# Without swap, hibernation gets as far as its image: the CPUs leave VMX operation and return to it.
machine_is_suspended()
{
	start_guest || return
	mark
	echo shutdown >/sys/power/disk
	echo disk >/sys/power/state 2>/dev/null
	said | grep -q 'hibernation exit' || { said | tail | sed 's/^/# /'; return 1; }
	said | grep -qE 'hibernation: Image created|Cannot find swap device' ||
		{ said | tail | sed 's/^/# /'; return 1; }
	finish_guest && ./run >/tmp/output || { grep -A1 '^not ok' /tmp/output | sed 's/^/# /'; return 1; }
}

# Pages that are not free, once what can go has gone.
pages_in_use()
{
	echo 3 >/proc/sys/vm/drop_caches
	echo $(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) / 4 - $(awk '/^nr_free_pages/ {print $2}' /proc/vmstat)))
}

# 300 vCPUs, each with its VMCS, come and go, on one CPU: with two, pages that wait in a list of the other or for RCU
# come to hundreds. The kernel's own caches settle after some rounds; one page of each vCPU that stayed would be 300
# in every round.
memory_comes_back()
{
	local before after round
	[[ ! -e $cpu1 ]] || echo 0 >"$cpu1" || return
	for ((round = 1; round <= 5; round++)); do
		before=$(pages_in_use)
		./lifecycle many_machines >/dev/null || return
		after=$(pages_in_use)
		echo "# $((after - before)) pages more in use after 300 vCPUs, round $round"
		((after - before < 150)) && break
	done
	[[ ! -e $cpu1 ]] || echo 1 >"$cpu1" || return
	((round <= 5)) || return
	# Destroys the slab caches, which complain about what is left in them; the lab finds that in the kernel log.
	rmmod kvm_intel && insmod "$module"
}

cases=(busy_module_stays cpu_goes_and_comes_back cpu_comes_to_a_module machine_is_suspended memory_comes_back)
chosen=()
for case in "${cases[@]}"; do
	[[ $case = "${1-}"* ]] && chosen+=("$case")
done

echo "TAP version 13"
echo "1..${#chosen[@]}"
number=0
for case in "${chosen[@]}"; do
	number=$((number + 1))
	if $case; then echo "ok $number $case"; else echo "not ok $number $case"; fi
done
