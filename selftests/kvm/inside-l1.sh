#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the L1 guest of ./inside: loads the module that the kernel command line names and runs its lab.program=NAME[:CASE,CASE]
# words; the word hotplug is a test of its own. Speaks TAP.
l1=
module=
parameters=
programs=
for word in $(cat /proc/cmdline); do
	case $word in
	lab.l1=*) l1=${word#lab.l1=} ;;
	lab.module=*) module=${word#lab.module=} ;;
	lab.parameters=*) parameters=${word#lab.parameters=} ;;
	lab.program=*) programs="$programs ${word#lab.program=}" ;;
	esac
done
[ "$parameters" != none ] || parameters=

mkdir -p /tmp
dmesg -n 1

# A case of its own: nothing may have been lost on the way to the programs, and nothing be said behind them.
tell_log()
{
	echo "# program: $l1, $1"
	echo 1..1
	if dmesg | grep -E 'WARNING:|BUG:|Oops|rcu.*stall|soft lockup|has no field|VMREAD|VMWRITE|VMCLEAR' >/tmp/said; then
		sed 's/^/# L1: /' /tmp/said
		echo "not ok 1 the log of L1"
	else
		echo "ok 1 the log of L1"
	fi
	echo "# status: 0"
}

# With two CPUs: the second goes and comes back while guests run.
test_hotplug()
{
	echo TAP version 13
	echo 1..1
	verdict=ok
	(while [ ! -e /tmp/enough ]; do /run >/tmp/ran || echo "$?" >>/tmp/failed; done) &
	for online in 0 1 0 1 0 1; do
		usleep 700000
		echo $online >/sys/devices/system/cpu/cpu1/online || verdict="not ok"
	done
	touch /tmp/enough
	wait
	[ ! -e /tmp/failed ] || verdict="not ok"
	echo "$verdict 1 guests run while a CPU goes and comes back"
}

insmod /modules/irqbypass.ko
insmod /modules/kvm.ko
# Parameters are words.
# shellcheck disable=SC2046,SC2086
insmod /$module.ko $(echo "$parameters" | tr ',' ' ')
status=$?
echo "# L1: insmod $module $parameters: $status"
dmesg | tail -n 8 | sed 's/^/# L1: /'
echo "# L1: in use:" $(cd /sys/module/kvm_intel/parameters && grep -H . *)
export TAP_PATIENCE=4
for program in $programs; do
	name=${program%%:*}
	cases=
	[ "$name" = "$program" ] || cases=$(echo "${program#*:}" | tr ',' ' ')
	echo "# program: $l1, $name"
	# shellcheck disable=SC2086
	if [ "$name" = hotplug ]; then test_hotplug; else /$name $cases; fi
	echo "# status: $?"
done
tell_log "after the programs"
rmmod kvm_intel || echo "# L1: rmmod: $?"
tell_log "after the module"
