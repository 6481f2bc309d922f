# SPDX-License-Identifier: GPL-2.0-only
#
# The test programs over /dev/kvm, statically linked, in build/selftests/kvm/. Included from the top
# level and from selftests/bench/Makefile.

Q := $(if $(filter 1,$(V)),,@)

kvm_selftests_src := selftests/kvm
kvm_selftests_out := build/selftests/kvm

kvm_selftests := $(basename $(notdir $(sort $(wildcard selftests/kvm/*.cpp))))

# The guests' labels are local to their source file and reached by absolute address: no PIC.
kvm_selftests_flags := -std=c++20 -O1 -g -fno-pic -static -pthread -MMD -MP \
	-Wall -Wextra -Werror -Wno-missing-field-initializers -I$(kvm_selftests_src) -I$(kvm_selftests_out)/gen \
	-Iinclude

kvm_selftests_harness := $(patsubst $(kvm_selftests_src)/%.cpp,$(kvm_selftests_out)/%.o, \
	$(wildcard $(kvm_selftests_src)/harness/*.cpp))

.PHONY: kvm-selftests
kvm-selftests: $(addprefix $(kvm_selftests_out)/,$(kvm_selftests)) ## Build the test programs over /dev/kvm

$(kvm_selftests_out)/gen/fields.inc: selftests/golden/embed-fields selftests/golden/vmcs12_fields.tsv
	$(Q)mkdir -p $(@D)
	$(Q)selftests/golden/embed-fields > $@.tmp
	$(Q)mv $@.tmp $@

$(kvm_selftests_out)/harness/nested_evmcs.o: $(kvm_selftests_out)/gen/fields.inc

$(kvm_selftests_out)/%.o: $(kvm_selftests_src)/%.cpp
	@echo '  CXX     $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(kvm_selftests_flags) -c -o $@ $<

$(addprefix $(kvm_selftests_out)/,$(kvm_selftests)): %: %.o $(kvm_selftests_harness)
	@echo '  LINK    $@'
	$(Q)$(CXX) $(kvm_selftests_flags) -s -o $@ $^

-include $(wildcard $(kvm_selftests_out)/*.d $(kvm_selftests_out)/harness/*.d)
