#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./parameters: speaks TAP. usage: parameters-guest.sh [PREFIX]
set -u

module=$(ls /lab/modules/kvm-intel.ko)
there=/sys/module/kvm_intel/parameters
ours=false
[[ $(modinfo -F author "$module") != kvmxx ]] || ours=true

# Bool parameters, each off and on; the others with a value that differs from the default.
parameters=(dump_invalid_vmcs={Y,N} emulate_invalid_guest_state={N,Y} enable_apicv={N,Y} enable_ipiv={N,Y}
	enable_shadow_vmcs={N,Y} enlightened_vmcs={N,Y} ept={N,Y} eptad={N,Y}
	error_on_inconsistent_vmcs_config={N,Y} fasteoi={N,Y} flexpriority={N,Y} nested={N,Y}
	nested_early_check={Y,N} pml={N,Y} preemption_timer={N,Y} sgx={N,Y} unrestricted_guest={N,Y}
	vnmi={N,Y} vpid={N,Y} allow_smaller_maxphyaddr={Y,N}
	ple_gap=0 ple_window=8192 ple_window_grow=0 ple_window_shrink=2 ple_window_max=16384
	vmentry_l1d_flush={never,cond,always,auto})
wrong=vmcs12_revision=neither
! $ours || parameters+=(require_posted_interrupts={N,Y} vmcs12_revision={legacy,enlightened} "$wrong")

# What the setting is about is in these, beside `run` and `exits`.
declare -A also=([allow_smaller_maxphyaddr=Y]="exceptions" [enable_shadow_vmcs=N]="nested_fields" [ept=N]="exceptions modes"
	[eptad=N]="dirty_log" [fasteoi=N]="apic_virtual" [flexpriority=N]="apic apic_virtual" [ple_gap=0]="pause_loop"
	[ple_window=8192]="pause_loop" [pml=N]="dirty_log" [preemption_timer=N]="apic" [unrestricted_guest=N]="modes"
	[vnmi=N]="exceptions" [vpid=N]="modes")

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

works()
{
	local program
	for program in run exits ${also[$1]-}; do
		# 4: all of it skips.
		./"$program" >/tmp/output || [[ $? -eq 4 ]] || { grep -A1 '^not ok' /tmp/output | sed "s/^/# $program: /"; return 1; }
	done
}

# NAME MODE VALUE, of all parameters of a module.
all()
{
	local file
	rmmod kvm_intel 2>/dev/null
	insmod "$1" || return
	for file in "$there"/*; do
		echo "${file##*/} $(stat -c %a "$file") $(<"$file")"
	done
}

# Permissions and what is read where nothing was set: as with the distribution's.
as_distribution()
{
	all distro.ko >/tmp/distro || { reason="the distribution's module is not for this kernel"; return 0; }
	all "$module" >/tmp/this || return
	! grep -vxFf /tmp/this /tmp/distro | sed 's/^/# the distribution has /' | grep .
}

# Loads and works with it. The distribution's may refuse, and say by which name; ours refuses the wrong word only.
parameter()
{
	# A case among the settings.
	[[ $1 != as_distribution ]] || { as_distribution; return; }
	local name=${1%%=*}
	rmmod kvm_intel 2>/dev/null
	mark
	if [[ $1 = "$wrong" ]]; then
		# insmod's words for EINVAL
		insmod "$module" "$1" 2>&1 | grep -q 'Invalid parameters' && said | grep -qw "$name" && return
	elif insmod "$module" "$1" 2>/dev/null; then
		[[ -e $there/$name ]] || { echo "# there is no parameter $name"; return 1; }
		works "$1"
		return
	elif ! $ours && reason=$(said | grep -m1 -w "$name"); then
		return
	fi
	said | sed 's/^/# /'
	return 1
}

chosen=()
for setting in "${parameters[@]}"; do
	# The distribution's does not have all in every kernel.
	[[ $setting = "${1-}"* ]] && { $ours || [[ -e $there/${setting%%=*} ]]; } && chosen+=("$setting")
done

echo "TAP version 13"
[[ -n ${1-} || ! -e distro.ko ]] || chosen=(as_distribution "${chosen[@]}")
echo "1..${#chosen[@]}"
number=0
for setting in "${chosen[@]}"; do
	number=$((number + 1))
	reason=
	if parameter "$setting"; then
		echo "ok $number $setting${reason:+ # SKIP $reason}"
	else
		echo "not ok $number $setting"
	fi
done
