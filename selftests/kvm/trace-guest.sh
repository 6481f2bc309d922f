#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# In the lab, for ./trace: every case of the programs named under both modules, each with a trace of its own; then
# what is counted, and `perf kvm stat` for EVENT=PROGRAM:CASE.
set -eu

programs=$1 counted=$2
tracing=/sys/kernel/tracing

trace()
{
	: >$tracing/trace
	echo 1 >$tracing/events/kvm/enable
	# What fails under a module is for its own tests to say; here both are to do the same.
	timeout 60 "$@" >/dev/null || true
	echo 0 >$tracing/events/kvm/enable
	sed '/^#/d' $tracing/trace
}

perf()
{
	LD_LIBRARY_PATH=$PWD/perf perf/ld-linux-x86-64.so.2 perf/perf "$@"
}

count()
{
	local event=$1 program=$2 case=$3
	perf kvm stat record -a -o /tmp/perf.data "./$program" "$case" >/tmp/perf.log 2>&1 || cat /tmp/perf.log >&2
	perf kvm -i /tmp/perf.data stat report --event="$event" 2>&1
}

# A guest of 4 KiB pages: whether the host has a large one is chance.
echo never >/sys/kernel/mm/transparent_hugepage/enabled
echo 20000 >$tracing/buffer_size_kb
rmmod kvm_intel
for module in distro ours; do
	out=/lab/out/$module
	mkdir -p $out
	insmod $module.ko
	for program in $programs; do
		for name in $("./$program" --list); do
			trace "./$program" "$name" >"$out/$program.$name"
		done
	done
	./statistics everything >$out/numbers.statistics
	for entry in $counted; do
		IFS='=:' read -r event program name <<<"$entry"
		count "$event" "$program" "$name" >"$out/perf.$event"
	done
	rmmod kvm_intel
done
