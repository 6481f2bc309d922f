# SPDX-License-Identifier: GPL-2.0-only
#
# The program that times exits, statically linked, in build/selftests/bench/, over the test programs'
# harness. Included from the top level; selftests/bench/run also uses it by itself.

include selftests/kvm/kvm.mk

bench_src := selftests/bench
bench_out := build/selftests/bench
bench_flags := $(kvm_selftests_flags) -I$(bench_src)

.PHONY: bench bench-program
bench: modules ## Time exits under the distro's module and under ours, in the lab
	$(Q)$(bench_src)/run $(BENCH)

bench-program: $(bench_out)/bench

$(bench_out)/%.o: $(bench_src)/%.cpp
	@echo '  CXX     $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(bench_flags) -c -o $@ $<

$(bench_out)/bench: $(patsubst $(bench_src)/%.cpp,$(bench_out)/%.o,$(wildcard $(bench_src)/*.cpp)) \
		$(kvm_selftests_harness)
	@echo '  LINK    $@'
	$(Q)$(CXX) $(bench_flags) -s -o $@ $^

-include $(wildcard $(bench_out)/*.d)
