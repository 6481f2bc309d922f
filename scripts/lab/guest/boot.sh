#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# /lab/guest/boot [QEMU OPTIONS…]: boots the small guest under KVM with the shortest boot known.
# Options given later win (-m 512 -smp 2 …); INITRD= and APPEND= change and extend what is booted.
#
# boot --load ROUNDS [QEMU OPTIONS…]: the guest puts a load on its processors, memory and a virtio disk,
# checks what it gets, and powers off. Fails unless it did, and the disk holds what the guest said.

append="console=ttyS0,115200 quiet mitigations=off nokaslr tsc=reliable no_timer_check"
append+=" cryptomgr.notests random.trust_cpu=on i8042.noaux i8042.nokbd i8042.noprobe=1"
# In an emulator the machine's own command line tells what CPUID tells wrong.
for word in $(cat /proc/cmdline); do
	case $word in
	tsc_early_khz=* | lpj=* | clearcpuid=*) append+=" $word" ;;
	esac
done

load() {
	local rounds=$1
	shift
	cat /lab/guest/initrd /lab/guest/load.cpio > /tmp/load.initrd
	rm -f /tmp/load.img
	truncate -s $((rounds + 1))M /tmp/load.img
	INITRD=/tmp/load.initrd APPEND="$APPEND lab.load=$rounds" "$0" \
		-drive file=/tmp/load.img,format=raw,if=virtio "$@" | tee /tmp/load.console
	local found
	found=$(head -c "${rounds}M" /tmp/load.img | md5sum)
	grep -q "lab guest: load done, disk ${found%% *}" /tmp/load.console
}

if [ "$1" = --load ]; then
	shift
	load "$@"
	exit
fi

exec qemu-system-x86_64 -machine pc,accel=kvm -cpu host -m 256 -nodefaults -no-user-config \
	-display none -serial stdio -no-reboot -kernel /lab/guest/vmlinuz \
	-initrd "${INITRD:-/lab/guest/initrd}" -append "$append $APPEND" "$@"
