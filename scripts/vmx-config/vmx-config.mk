# SPDX-License-Identifier: GPL-2.0-only
# The host program vmx-config, built into build/host/. Included from the top level.

HOST_CXX ?= g++-12
HOST_BUILD ?= build/host
host-cxxflags := -std=c++20 -O2 -g -Wall -Wextra -Werror -Iinclude -Isrc

vmx-config-sources := $(sort $(wildcard scripts/vmx-config/*.cpp src/core/config/*.cpp))
vmx-config-objects := $(vmx-config-sources:%.cpp=$(HOST_BUILD)/vmx-config.o/%.o)

.PHONY: vmx-config
vmx-config: $(HOST_BUILD)/vmx-config ## Build the host program that judges VMX capability MSRs

$(HOST_BUILD)/vmx-config: $(vmx-config-objects)
	$(HOST_CXX) -o $@ $^

$(HOST_BUILD)/vmx-config.o/%.o: %.cpp
	@mkdir -p $(@D)
	@command -v $(HOST_CXX) >/dev/null || { \
		echo "vmx-config needs the C++ compiler $(HOST_CXX): apt install g++-12" >&2; exit 1; }
	$(HOST_CXX) $(host-cxxflags) -MMD -MP -c -o $@ $<

-include $(vmx-config-objects:.o=.d)
