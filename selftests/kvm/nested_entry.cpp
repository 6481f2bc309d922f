// SPDX-License-Identifier: GPL-2.0-only
#include "harness/nested.hpp"

using namespace kvm;
using tap::check;
using tap::check_equal;
namespace field = vmx::field;
using vmx::Reason;

namespace {

GUEST_CODE(vmcall, 64, "vmcall\n vmcall");

}

TEST(vmcall_exits)
{
	L1 l1;
	l1.prepare(vmcall);
	l1.expect_exit(l1.vmlaunch(), Reason::vmcall, 0, 3);
	l1.expect_exit(l1.resume(), Reason::vmcall, 0, 3);
	l1.expect_field(field::guest_rip, l2_code_address + 3);
}
