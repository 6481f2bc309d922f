#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./machine: speaks TAP. usage: machine-guest.sh [CASE]
set -u

module=$(ls /lab/modules/kvm-intel.ko)
cpu1=/sys/devices/system/cpu/cpu1/online

# Bool parameters, each off and on; the others with a value that differs from the default.
parameters=(dump_invalid_vmcs={Y,N} emulate_invalid_guest_state={N,Y} enable_apicv={N,Y} enable_ipiv={N,Y}
	enable_shadow_vmcs={N,Y} enlightened_vmcs={N,Y} ept={N,Y} eptad={N,Y}
	error_on_inconsistent_vmcs_config={N,Y} fasteoi={N,Y} flexpriority={N,Y} nested={N,Y}
	nested_early_check={Y,N} pml={N,Y} preemption_timer={N,Y} sgx={N,Y} unrestricted_guest={N,Y}
	vnmi={N,Y} vpid={N,Y} allow_smaller_maxphyaddr={Y,N}
	ple_gap=0 ple_window=8192 ple_window_grow=0 ple_window_shrink=2 ple_window_max=16384
	vmentry_l1d_flush={never,cond,always,auto})

guest_console=/tmp/guest

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
	! rmmod kvm_intel 2>/tmp/said || { echo "# rmmod succeeded"; return 1; }
	grep -q 'in use' /tmp/said || { sed 's/^/# /' /tmp/said; return 1; }
	! insmod "$module" 2>/tmp/said || { echo "# insmod of a module that is there succeeded"; return 1; }
	grep -q 'File exists' /tmp/said || { sed 's/^/# /' /tmp/said; return 1; }
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
	finish_guest && taskset 2 ./run >/tmp/said || { sed 's/^/# /' /tmp/said; return 1; }
}

# With a CPU away, a module is loaded; it has to take part when it comes.
cpu_comes_to_a_module()
{
	echo 0 >$cpu1 && rmmod kvm_intel && insmod "$module" && echo 1 >$cpu1 &&
		taskset 2 ./run >/tmp/said || { sed 's/^/# /' /tmp/said; return 1; }
}

# Without swap, hibernation gets as far as its image: the CPUs leave VMX operation and return to it.
machine_is_suspended()
{
	start_guest || return
	dmesg -C
	echo shutdown >/sys/power/disk
	echo disk >/sys/power/state 2>/dev/null
	dmesg | grep -q 'hibernation exit' || { dmesg | tail | sed 's/^/# /'; return 1; }
	dmesg | grep -qE 'hibernation: Image created|Cannot find swap device' ||
		{ dmesg | tail | sed 's/^/# /'; return 1; }
	finish_guest && ./run >/tmp/said
}

# Pages that are not free, once what can go has gone.
pages_in_use()
{
	echo 3 >/proc/sys/vm/drop_caches
	echo $(($(awk '/^MemTotal/ {print $2}' /proc/meminfo) / 4 - $(awk '/^nr_free_pages/ {print $2}' /proc/vmstat)))
}

# 600 vCPUs, each with its VMCS, VMCSs and pages of their own, come and go; a page of each would be 600.
memory_comes_back()
{
	local before after tries slab
	rmmod kvm_intel && insmod "$module" || return
	./lifecycle many_machines >/dev/null || return
	before=$(pages_in_use)
	./lifecycle many_machines >/dev/null || return
	for ((tries = 0; tries < 50; tries++)); do
		after=$(pages_in_use)
		((after - before < 300)) && break
	done
	echo "# $((after - before)) pages more in use after 600 vCPUs"
	((after - before < 300)) || return
	for slab in kvm_vcpu kvm_mmu_page_header pte_list_desc x86_emulator; do
		awk -v slab=$slab '$1 == slab && $2 > 0 {print "# " $2 " of " slab " left"; left = 1}
			END {exit left}' /proc/slabinfo || return
	done
	! grep kvm_intel /proc/vmallocinfo | grep -v load_module | sed 's/^/# /' | grep . || return
}

works()
{
	local program
	for program in run exits; do
		./$program >/tmp/said || { grep -A1 '^not ok' /tmp/said | sed "s/^/# $program: /"; return 1; }
	done
}

# Loads and works with it, or refuses and says by which name.
parameter()
{
	local name=${1%%=*}
	rmmod kvm_intel 2>/dev/null
	dmesg -C
	if insmod "$module" "$1" 2>/dev/null; then
		works
	elif dmesg | grep -q "$name"; then
		dmesg | grep "$name" | sed 's/^/# /'
		reason="refused by name"
	else
		dmesg | sed 's/^/# /'
		return 1
	fi
}

cases=(busy_module_stays cpu_goes_and_comes_back cpu_comes_to_a_module machine_is_suspended memory_comes_back)
for setting in "${parameters[@]}"; do
	# Not every kernel has all.
	[[ -e /sys/module/kvm_intel/parameters/${setting%%=*} ]] && cases+=("parameter $setting")
done
chosen=()
for case in "${cases[@]}"; do
	[[ $case = "${1-}"* ]] && chosen+=("$case")
done

echo "TAP version 13"
echo "1..${#chosen[@]}"
number=0
for case in "${chosen[@]}"; do
	number=$((number + 1))
	reason=
	# shellcheck disable=SC2086 # a name and its argument
	if $case; then echo "ok $number ${case/ /_}${reason:+ # SKIP $reason}"; else echo "not ok $number ${case/ /_}"; fi
done
