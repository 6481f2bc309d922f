# SPDX-License-Identifier: GPL-2.0-only
# The fuzz targets, one for each .cpp but main.cpp, in build/host/fuzz/. Included from the top level.

FUZZCXX ?= clang++
HOST_BUILD ?= build/host
FUZZ_SECONDS ?= 10

fuzz-targets := $(filter-out main,$(patsubst selftests/fuzz/%.cpp,%,$(sort $(wildcard selftests/fuzz/*.cpp))))
fuzz-core := $(sort $(wildcard src/core/check/*.cpp src/core/vmcs12/*.cpp src/core/nested/*.cpp))
fuzz-common := $(patsubst %.cpp,$(HOST_BUILD)/fuzz.o/%.o,selftests/fuzz/main.cpp $(fuzz-core))
fuzz-programs := $(fuzz-targets:%=$(HOST_BUILD)/fuzz/%)
fuzz-cxxflags := -std=c++20 -O1 -g -fno-omit-frame-pointer -fsanitize=fuzzer,address,undefined \
	-fno-sanitize-recover=all -Wall -Wextra -Werror -Iinclude -Isrc -Iselftests/unit -Iselftests/fuzz

.PHONY: fuzz fuzz-programs
fuzz: ## Fuzz the core for FUZZ_SECONDS (10) a target, on this machine
	$(Q)selftests/fuzz/run --seconds $(FUZZ_SECONDS) $(fuzz-programs)

fuzz-programs: $(fuzz-programs) ## Build the fuzz targets

$(fuzz-programs): $(HOST_BUILD)/fuzz/%: $(HOST_BUILD)/fuzz.o/selftests/fuzz/%.o $(fuzz-common)
	@echo '  LINK    $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZCXX) $(fuzz-cxxflags) -o $@ $^

$(HOST_BUILD)/fuzz.o/%.o: %.cpp
	@echo '  FUZZCXX $@'
	$(Q)mkdir -p $(@D)
	$(Q)$(FUZZCXX) $(fuzz-cxxflags) -MMD -MP -c -o $@ $<

-include $(patsubst %.cpp,$(HOST_BUILD)/fuzz.o/%.d,$(wildcard selftests/fuzz/*.cpp) $(fuzz-core))
