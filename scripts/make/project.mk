# SPDX-License-Identifier: GPL-2.0-only

.PHONY: run check format

run: ## boot the lab and a Linux guest under the module; as root it installs what is missing
	$(Q)scripts/setup run
	+$(Q)scripts/make/for-lab modules
	$(Q)scripts/demo/run

check: ## all tests; the last line is 'N passed, N failed, N skipped'
	$(Q)scripts/setup check
	+$(Q)scripts/check $(SUITES)

format: ## clang-format on all C++ of the tree
	$(Q)git ls-files '*.cpp' '*.hpp' | xargs clang-format -i
