// SPDX-License-Identifier: GPL-2.0-only
#pragma once

#include "backend/exit/handler.hpp"

namespace backend {

/// One row for each exit reason that can happen under this module's controls.
struct ExitRow {
	Reason reason;
	const char *name; ///< KVM's name of it, without EXIT_REASON_
	ExitHandler handler;
	bool delivery = false; ///< may interrupt the delivery of an event, which is requeued and
			       ///< tried again
};

/// The row of a reason, or null. `reason` comes from the CPU but is bounded all the same.
const ExitRow *find_row(Reason reason);

} // namespace backend
