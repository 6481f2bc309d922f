#!/bin/busybox sh
# SPDX-License-Identifier: GPL-2.0-only
#
# In the L1 guest of ./levels and ./savevm: for each lab.cell=MODULE:CPUS:PARAMETERS of the kernel command line
# loads that module with those parameters (comma-separated) and boots a Linux guest with that many CPUs to its
# init and its end. With :ROUNDS behind it, that guest puts a load on itself, and its console is that of L1.
# Speaks TAP.
#
# QEMU is that of the machine that runs L1: its root disk is /dev/vda here.

machine=/machine
seconds=400

prepare()
{
	for module in /drivers/*.ko; do insmod "$module" || return; done
	until [ -b /dev/vda ]; do usleep 10000; done
	mkdir -p $machine
	mount -t ext4 -o ro,noload /dev/vda $machine || return
	mount -t devtmpfs dev $machine/dev
	mount -t proc proc $machine/proc
	mount -t sysfs sys $machine/sys
	mount -t tmpfs tmp $machine/tmp
	mount -t tmpfs lab $machine/lab
	ln -s /usr/lib/lab/guest $machine/lab/guest
	insmod /modules/irqbypass.ko && insmod /modules/kvm.ko
}

# Where the guest's processors stand, from QEMU's monitor.
tell_where()
{
	printf 'info registers -a\n' >$machine/tmp/monitor.in
	usleep 2000000
	grep -aE 'CPU#|RIP=|EFL=' $machine/tmp/monitor.txt | sed 's/^/# L2: /'
}

boot_guest()
{
	rm -f $machine/tmp/*
	mkfifo $machine/tmp/monitor.in $machine/tmp/monitor.out
	cat $machine/tmp/monitor.out >$machine/tmp/monitor.txt &
	exec 7<>$machine/tmp/monitor.in
	APPEND="$append" chroot $machine /lab/guest/boot -smp "$1" \
		-chardev pipe,id=monitor,path=/tmp/monitor -mon chardev=monitor >/tmp/console 2>&1 &
	qemu=$!
	waited=0
	while kill -0 $qemu 2>/dev/null && [ $waited -lt $seconds ]; do
		usleep 1000000
		waited=$((waited + 1))
	done
	if kill -0 $qemu 2>/dev/null; then
		echo "# L2 is still there after $seconds seconds"
		tell_where
		kill -KILL $qemu
	fi
	wait $qemu
	status=$?
	exec 7>&-
	sed 's/^/# L2: /' /tmp/console
	[ $status = 0 ] || echo "# QEMU in L1 ended with status $status"
	[ $status = 0 ] && grep -q "lab guest: init reached, .* $1 cpu(s)" /tmp/console
}

# run_cell MODULE CPUS PARAMETERS [ROUNDS]
run_cell()
{
	parameters=
	[ "$3" = none ] || parameters=$(echo "$3" | tr ',' ' ')
	case $1 in
	distro) file=/modules/kvm-intel.ko ;;
	*) file=/$1.ko ;;
	esac
	insmod $file $parameters || return
	case " $parameters " in
	*' enlightened_vmcs=1 '*)
		# It reads Y only where they are in use.
		grep -q Y /sys/module/kvm_intel/parameters/enlightened_vmcs || { rmmod kvm_intel; return 1; }
		;;
	esac
	if [ -n "$4" ]; then
		chroot $machine /lab/guest/boot --load "$4" -smp "$2" -m 96
	else
		boot_guest "$2"
	fi
	result=$?
	rmmod kvm_intel || return
	return $result
}

cells=
for word in $(cat /proc/cmdline); do
	case $word in
	lab.cell=*) cells="$cells ${word#lab.cell=}" ;;
	esac
done
dmesg -n 1
prepare || echo "# L1 could not prepare"
echo "TAP version 13"
echo "1..$(echo $cells | wc -w)"
number=0
for cell in $cells; do
	number=$((number + 1))
	from=$(cut -d. -f1 /proc/uptime)
	dmesg -c >/dev/null
	verdict="not ok"
	run_cell $(echo "$cell" | tr ':' ' ') && verdict=ok
	dmesg >/tmp/dmesg
	grep -qE 'WARNING:|BUG:|Oops|rcu.*stall|soft lockup' /tmp/dmesg && verdict="not ok"
	[ "$verdict" = ok ] || tail -n 30 /tmp/dmesg | sed 's/^/# L1: /'
	echo "# $(($(cut -d. -f1 /proc/uptime) - from)) seconds in L1"
	echo "$verdict $number $cell"
done
