// SPDX-License-Identifier: GPL-2.0-only
#include "core/config/text.hpp"
#include "core/dump/dump.hpp"
#include "core/dump/names.hpp"

namespace vmx::dump {

using config::Hex;
using config::Severity;
using config::Text;

void print_launch_failure(u32 error, const Sink &sink)
{
	Text text;

	text << "VM entry failed: VM-instruction error " << error << ", "
	     << instruction_error_name(error);
	sink(Severity::reject, text.c_str());
}

void print_entry_failure(ExitReason reason, u64 qualification, const Sink &sink)
{
	const char *what = entry_failure_name(reason.basic(), qualification);
	Text text;

	text << "VM entry failed: exit reason " << Hex{reason.raw} << ", "
	     << exit_reason_name(reason.basic()) << ", exit qualification ";
	// Of the MSR list, counted from 1.
	if (reason.basic() == Reason::msr_load_fail)
		text << qualification << ", the entry of the VM-entry MSR-load list";
	else
		text << Hex{qualification, 1};
	if (what)
		text << ", " << what;
	sink(Severity::reject, text.c_str());
}

} // namespace vmx::dump
