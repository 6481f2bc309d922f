# SPDX-License-Identifier: GPL-2.0-only

.PHONY: bench
bench: ## Time exits under the distro's module and under ours, in the lab
	$(Q)selftests/bench/run $(BENCH)
