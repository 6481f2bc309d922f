#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./inside: for each CPU/MODULE/PARAMETERS in L1S boots a Linux guest with CPUS CPUs that runs the
# programs. usage: CPUS=N L1S="…" inside-guest.sh PROGRAM[:CASE,CASE]…
set -u
. ./l1-cpus.sh

cat /lab/guest/initrd /lab/guest/modules.cpio inside.cpio >/tmp/initrd
words=
for program in "$@"; do words+=" lab.program=$program"; done
for l1 in $L1S; do
	IFS=/ read -r cpu module parameters <<<"$l1"
	APPEND="lab.exec=inside-l1.sh lab.l1=$l1 lab.module=$module lab.parameters=$parameters$words" INITRD=/tmp/initrd \
		/lab/guest/boot -m 512 -smp "$CPUS" -cpu "$(l1_cpu "$cpu")" </dev/null | sed -u 's|\r$||' | tee /tmp/console
	status=${PIPESTATUS[0]}
	# The programs tell of themselves; that L1 has got to the last of them is for the machine to see.
	echo "# program: $l1"
	echo 1..1
	grep -q '^lab guest: inside-l1.sh ended' /tmp/console || printf 'not '
	echo "ok 1 L1 comes to its end"
	echo "# status: $status"
done
