#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
# /lab/guest/boot [QEMU OPTIONS…]: boots the small guest under KVM with the shortest boot known.
# Options given later win (-m 512 -smp 2 …); INITRD= and APPEND= change and extend what is booted.

append="console=ttyS0,115200 quiet mitigations=off nokaslr tsc=reliable no_timer_check"
append+=" cryptomgr.notests random.trust_cpu=on i8042.noaux i8042.nokbd i8042.noprobe=1"
# In an emulator the machine's own command line tells what CPUID tells wrong.
for word in $(cat /proc/cmdline); do
	case $word in
	tsc_early_khz=* | lpj=* | clearcpuid=*) append+=" $word" ;;
	esac
done

exec qemu-system-x86_64 -machine pc,accel=kvm -cpu host -m 256 -nodefaults -no-user-config \
	-display none -serial stdio -no-reboot -kernel /lab/guest/vmlinuz \
	-initrd "${INITRD:-/lab/guest/initrd}" -append "$append $APPEND" "$@"
