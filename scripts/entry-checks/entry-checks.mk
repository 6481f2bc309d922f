# SPDX-License-Identifier: GPL-2.0-only
# The host program entry-checks, built into build/host/. Included from the top level.

HOSTCXX ?= g++
HOST_BUILD ?= build/host
entry-checks-cxxflags := -std=c++20 -O2 -g -Wall -Wextra -Werror -Iinclude -Isrc -Iscripts/vmx-config

entry-checks-sources := $(sort scripts/entry-checks/main.cpp $(wildcard src/core/check/*.cpp))
entry-checks-objects := $(entry-checks-sources:%.cpp=$(HOST_BUILD)/entry-checks.o/%.o)

$(HOST_BUILD)/entry-checks: $(entry-checks-objects)
	@echo '  LINK    $@'
	$(Q)$(HOSTCXX) -o $@ $^

$(HOST_BUILD)/entry-checks.o/%.o: %.cpp
	@echo '  HOSTCXX $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCXX) $(entry-checks-cxxflags) -MMD -MP -c -o $@ $<

-include $(entry-checks-objects:.o=.d)

.PHONY: check-entry-checks golden-entry-checks
check-entry-checks: $(HOST_BUILD)/entry-checks ## Check that the documented table of VM entry's checks is what is in the code
	$(Q)scripts/entry-checks/check $<

golden: golden-entry-checks
golden-entry-checks: $(HOST_BUILD)/entry-checks ## Write the documented table of VM entry's checks anew
	$(Q)$< > Documentation/entry-checks-table.rst
