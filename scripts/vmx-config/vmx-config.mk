# SPDX-License-Identifier: GPL-2.0-only
# The host program vmx-config, built into build/host/. Included from the top level.

HOSTCXX ?= g++
HOST_BUILD ?= build/host
host-cxxflags := -std=c++20 -O2 -g -Wall -Wextra -Werror -Iinclude -Isrc

vmx-config-sources := $(sort $(wildcard scripts/vmx-config/*.cpp src/core/config/*.cpp))
vmx-config-objects := $(vmx-config-sources:%.cpp=$(HOST_BUILD)/vmx-config.o/%.o)

.PHONY: vmx-config
vmx-config: $(HOST_BUILD)/vmx-config ## Build the host program that judges VMX capability MSRs

$(HOST_BUILD)/vmx-config: $(vmx-config-objects)
	@echo '  LINK    $@'
	$(Q)$(HOSTCXX) -o $@ $^

$(HOST_BUILD)/vmx-config.o/%.o: %.cpp
	@echo '  HOSTCXX $@'
	$(Q)mkdir -p $(@D)
	$(Q)[ -e /usr/include/nlohmann/json.hpp ] || { echo "make: nlohmann/json.hpp is missing: apt install nlohmann-json3-dev" >&2; exit 1; }
	$(Q)$(HOSTCXX) $(host-cxxflags) -MMD -MP -c -o $@ $<

-include $(vmx-config-objects:.o=.d)

.PHONY: check-vmx-config golden
check-vmx-config: $(HOST_BUILD)/vmx-config ## Check vmx-config from outside, and the files it prints
	$(Q)scripts/vmx-config/check $<

golden: $(HOST_BUILD)/vmx-config ## Write the golden results and the documented tables anew
	$(Q)$< --golden --file selftests/golden/vmx_caps.json > selftests/golden/vmx_caps.golden.tsv
	$(Q)$< --rst > Documentation/vmcs-config-tables.rst
