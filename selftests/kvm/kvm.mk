# SPDX-License-Identifier: GPL-2.0-only
#
# Builds the test programs over /dev/kvm, statically linked, into build/selftests/kvm/.
# Included by the top level Makefile; alone: make -f selftests/kvm/kvm.mk kvm-selftests

kvm_selftests_src := selftests/kvm
kvm_selftests_out := build/selftests/kvm

kvm_selftests := create run modes exits registers msrs exceptions apic irq debug dirty_log lifecycle

# The guests' labels are local to their source file and reached by absolute address: no PIC.
kvm_selftests_flags := -std=c++20 -O1 -g -fno-pic -static -pthread -MMD -MP \
	-Wall -Wextra -Werror -Wno-missing-field-initializers -I$(kvm_selftests_src)

kvm_selftests_harness := $(patsubst $(kvm_selftests_src)/%.cpp,$(kvm_selftests_out)/%.o, \
	$(wildcard $(kvm_selftests_src)/harness/*.cpp))

.PHONY: kvm-selftests kvm-selftests-list
kvm-selftests: $(addprefix $(kvm_selftests_out)/,$(kvm_selftests))

kvm-selftests-list:
	@echo $(kvm_selftests)

$(kvm_selftests_out)/%.o: $(kvm_selftests_src)/%.cpp
	@mkdir -p $(@D)
	$(CXX) $(kvm_selftests_flags) -c -o $@ $<

$(addprefix $(kvm_selftests_out)/,$(kvm_selftests)): %: %.o $(kvm_selftests_harness)
	$(CXX) $(kvm_selftests_flags) -s -o $@ $^

-include $(wildcard $(kvm_selftests_out)/*.d $(kvm_selftests_out)/harness/*.d)
