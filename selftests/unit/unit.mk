# SPDX-License-Identifier: GPL-2.0-only
# The unit tests as a host program under ASan and UBSan, in build/host/. Included from the top level.

HOSTCXX ?= g++
HOST_BUILD ?= build/host

unit-sources := $(sort $(wildcard selftests/unit/*_test.cpp) selftests/unit/host.cpp \
	$(wildcard src/core/*.cpp src/core/*/*.cpp))
unit-objects := $(unit-sources:%.cpp=$(HOST_BUILD)/unit.o/%.o)
unit-cxxflags := -std=c++20 -O1 -g -fno-exceptions -fno-rtti -fno-omit-frame-pointer \
	-fsanitize=address,undefined -fno-sanitize-recover=all \
	-Wall -Wextra -Werror -Wunused-const-variable \
	-Iinclude -Isrc -Iselftests/unit -I$(HOST_BUILD)/unit.gen

.PHONY: unit
unit: $(HOST_BUILD)/unit ## Run the unit tests on this machine
	$(Q)$(HOST_BUILD)/unit $(TEST)

.PHONY: kunit
kunit: ## Run the unit tests in a kernel with KUnit (built once, five minutes)
	$(Q)selftests/unit/kunit/run

$(HOST_BUILD)/unit: $(unit-objects) $(HOST_BUILD)/unit.o/suites.o
	@echo '  LINK    $@'
	$(Q)$(HOSTCXX) $(unit-cxxflags) -o $@ $^

unit-tables := $(addprefix $(HOST_BUILD)/unit.gen/,golden.inc fields.inc nested.inc)

$(HOST_BUILD)/unit.o/%.o: %.cpp | $(unit-tables)
	@echo '  HOSTCXX $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCXX) $(unit-cxxflags) -MMD -MP -c -o $@ $<

$(HOST_BUILD)/unit.o/suites.o: $(HOST_BUILD)/unit.gen/suites.cpp
	@echo '  HOSTCXX $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(HOSTCXX) $(unit-cxxflags) -c -o $@ $<

$(HOST_BUILD)/unit.gen/suites.cpp: selftests/unit/list-suites $(wildcard selftests/unit/*_test.cpp)
	$(Q)mkdir -p $(@D)
	$(Q)selftests/unit/list-suites > $@.tmp
	$(Q)mv $@.tmp $@

$(HOST_BUILD)/unit.gen/golden.inc: $(wildcard selftests/golden/*)
	$(Q)mkdir -p $(@D)
	$(Q)selftests/golden/embed > $@.tmp
	$(Q)mv $@.tmp $@

$(HOST_BUILD)/unit.gen/fields.inc: selftests/golden/embed-fields selftests/golden/vmcs12_fields.tsv
	$(Q)mkdir -p $(@D)
	$(Q)selftests/golden/embed-fields > $@.tmp
	$(Q)mv $@.tmp $@

$(HOST_BUILD)/unit.gen/nested.inc: selftests/golden/embed-nested selftests/golden/nested_caps.json
	$(Q)mkdir -p $(@D)
	$(Q)selftests/golden/embed-nested > $@.tmp
	$(Q)mv $@.tmp $@

-include $(unit-objects:.o=.d)
