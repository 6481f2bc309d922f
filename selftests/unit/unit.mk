# SPDX-License-Identifier: GPL-2.0-only
# The unit tests as a host program under ASan and UBSan, in build/host/. Included from the top level.

HOST_CXX ?= g++-12
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
	$(HOST_BUILD)/unit $(TEST)

$(HOST_BUILD)/unit: $(unit-objects) $(HOST_BUILD)/unit.o/suites.o
	$(HOST_CXX) $(unit-cxxflags) -o $@ $^

$(HOST_BUILD)/unit.o/%.o: %.cpp | $(HOST_BUILD)/unit.gen/golden.inc
	@mkdir -p $(@D)
	$(HOST_CXX) $(unit-cxxflags) -MMD -MP -c -o $@ $<

$(HOST_BUILD)/unit.o/suites.o: $(HOST_BUILD)/unit.gen/suites.cpp
	@mkdir -p $(@D)
	$(HOST_CXX) $(unit-cxxflags) -c -o $@ $<

$(HOST_BUILD)/unit.gen/suites.cpp: selftests/unit/list-suites $(wildcard selftests/unit/*_test.cpp)
	@mkdir -p $(@D)
	selftests/unit/list-suites > $@.tmp
	mv $@.tmp $@

$(HOST_BUILD)/unit.gen/golden.inc: $(wildcard selftests/golden/*)
	@mkdir -p $(@D)
	selftests/golden/embed > $@.tmp
	mv $@.tmp $@

-include $(unit-objects:.o=.d)
