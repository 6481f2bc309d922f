#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./levels: for each L1 boots a Linux guest that boots guests of its own. Speaks TAP, that of
# the L1s. usage: levels-guest.sh L0PARAMETERS/CPUS/CELL+CELL…… (./levels --help)
set -u

limit=2000

run_l1()
{
	local parameters cpus cells words= cell name
	IFS=/ read -r parameters cpus cells <<<"$1"
	name="levels, L0 $parameters, L1 with $cpus"
	[ "$parameters" != none ] || parameters=
	echo "# program: $name"
	rmmod kvm_intel
	# Parameters are words.
	# shellcheck disable=SC2086
	insmod /lab/modules/kvm-intel.ko ${parameters//,/ } || return
	for cell in ${cells//+/ }; do words+=" lab.cell=$cell"; done
	APPEND="lab.exec=levels-l1.sh$words" INITRD=/tmp/initrd timeout "$limit" /lab/guest/boot -m 768 -smp "$cpus" \
		-drive file=/dev/sdb,format=raw,readonly=on,if=virtio </dev/null | tr -d '\r'
	return "${PIPESTATUS[0]}"
}

cat /lab/guest/initrd /lab/guest/modules.cpio /lab/guest/load.cpio l1.cpio >/tmp/initrd
for l1 in "$@"; do
	run_l1 "$l1"
	echo "# status: $?"
done
