# SPDX-License-Identifier: GPL-2.0-only
# The differential test of VM entry's checks, in build/differential/: a program and a module for the lab's kernel. Included from
# the top level.

DIFFERENTIAL := build/differential
differential-sources := $(sort $(wildcard selftests/differential/*.cpp src/core/check/*.cpp \
	src/core/vmcs12/*.cpp)) src/core/nested/evmcs_controls.cpp
differential-objects := $(differential-sources:%.cpp=$(DIFFERENTIAL)/%.o)
differential-module := $(patsubst selftests/differential/module/%,$(OUT)/differential/%, \
	$(wildcard selftests/differential/module/*))
differential-flags := -std=c++20 -O2 -g -static -MMD -MP -Wall -Wextra -Werror -Wno-missing-field-initializers \
	-Iinclude -Isrc -Iselftests/differential -I$(DIFFERENTIAL)/gen

.PHONY: differential
differential: $(DIFFERENTIAL)/lab/differential $(DIFFERENTIAL)/lab/vmx_entry_test.ko ## Build the test of VM entry's checks

$(DIFFERENTIAL)/lab/differential: $(differential-objects)
	@echo '  LINK    $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(differential-flags) -s -o $@ $^

$(DIFFERENTIAL)/gen/fields.inc: selftests/golden/embed-fields selftests/golden/vmcs12_fields.tsv
	$(Q)mkdir -p $(@D)
	$(Q)selftests/golden/embed-fields > $@.tmp
	$(Q)mv $@.tmp $@

$(DIFFERENTIAL)/selftests/differential/page.o: $(DIFFERENTIAL)/gen/fields.inc

$(DIFFERENTIAL)/%.o: %.cpp
	@echo '  CXX     $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(CXX) $(differential-flags) -c -o $@ $<

# In a copy for each kernel: Kbuild builds where the sources are.
$(OUT)/differential/%: selftests/differential/module/%
	$(Q)mkdir -p $(@D)
	$(Q)cp $< $@

$(OUT)/differential/vmx_entry_test.ko: $(differential-module) $(wildcard $(KDIR)/Module.symvers)
	+$(Q)$(MAKE) -s -C $(KDIR) M=$(CURDIR)/$(@D) CONFIG_DEBUG_INFO_BTF_MODULES= modules

$(DIFFERENTIAL)/lab/vmx_entry_test.ko: $(OUT)/differential/vmx_entry_test.ko FORCE
	$(Q)mkdir -p $(@D)
	$(Q)cmp -s $< $@ || cp $< $@

-include $(differential-objects:.o=.d)
