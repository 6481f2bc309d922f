#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./migrate: saves the machines of the programs in PROGRAMS under each module and continues each under
# each. Speaks TAP, that of the programs. usage: migrate-guest.sh FROM:TO…
set -u

# use_module distro | ours | enlightened
use_module()
{
	local file=$1.ko parameters=
	if [ "$1" = enlightened ]; then
		file=ours.ko
		parameters=vmcs12_revision=enlightened
	fi
	[ ! -d /sys/module/kvm_intel ] || rmmod kvm_intel
	# Empty means none.
	# shellcheck disable=SC2086
	insmod "./$file" $parameters || echo "# $file was not loaded"
}

# run_half save|continue|refused DIRECTORY NAME
run_half()
{
	local program
	for program in $PROGRAMS; do
		echo "# program: $program, $3"
		MIGRATE=$1 MIGRATE_DIR=$2 "./$program"
		echo "# status: $?"
	done
}

loaded=
for pair in "$@"; do
	from=${pair%:*} to=${pair#*:} half=continue
	if [ ! -d "/tmp/$from" ]; then
		mkdir "/tmp/$from"
		use_module "$from"
		loaded=$from
		run_half save "/tmp/$from" "saved under $from"
	fi
	if [ "$loaded" != "$to" ]; then use_module "$to"; fi
	loaded=$to
	# The distribution's module knows one revision.
	[ "$pair" != enlightened:distro ] || half=refused
	run_half $half "/tmp/$from" "$from to $to, $half"
done
