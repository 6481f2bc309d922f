// SPDX-License-Identifier: GPL-2.0-only
//
// A row of nested VMX: an L1 whose VMCS is as a hypervisor's is that wants little, then the row's
// code as L1 or as L2 from its first instruction to its report.
#include "harness/module.hpp"
#include "harness/nested_evmcs.hpp"
#include "harness/statistics.hpp"
#include "nested.hpp"
#include "report.hpp"

#include <vector>

using namespace kvm;
namespace field = vmx::field;

// The steps before the first VM entry have their handler at host_rip; a row's L1 and L2 report
// through the same port.
GUEST_CODE(first_entry, 64, "	vmlaunch\n	out %al, $exit_port");

namespace bench {

namespace {

class NestedState {
public:
	void get(const Vcpu &vcpu)
	{
		state().size = static_cast<std::uint32_t>(storage_.size());
		KVM_CALL(vcpu.fd(), KVM_GET_NESTED_STATE, &state());
	}

	// The state that the first call has found. L2 stands at the same instruction every time:
	// the OUT has to be over, since what KVM_RUN does to end it asks the VMCS, which is another
	// one then.
	void set(const Vcpu &vcpu)
	{
		if (!state().size)
			get(vcpu);
		KVM_CALL(vcpu.fd(), KVM_SET_NESTED_STATE, &state());
	}

private:
	kvm_nested_state &state() { return *reinterpret_cast<kvm_nested_state *>(storage_.data()); }

	std::vector<std::uint8_t> storage_ = std::vector<std::uint8_t>(0x4000);
};

void prepare_usual_vmcs(L1 &l1, const Ept &ept)
{
	use(l1, ept);
	l1.set(vmx::secondary::enable_vpid);
	l1.write(field::virtual_processor_id, 1);
	l1.set(vmx::primary::use_msr_bitmaps);
	l1.write(field::msr_bitmap, msr_bitmap_address);
}

void place(const Vm &vm, std::uint32_t address, const Code &code)
{
	memcpy(vm.memory(address), code.begin, code.end - code.begin);
}

void stand_at(const Vcpu &vcpu, std::uint32_t address)
{
	kvm_regs regs = {};
	regs.rip = address;
	regs.rsp = stack_top(0) - 16;
	regs.rflags = rflags_fixed;
	vcpu.set(regs);
}

void run_to_end(const L1 &l1)
{
	const kvm_run &run = l1.vcpu().state();
	NestedState state;

	for (;;) {
		if (const int error = l1.vcpu().try_run())
			tap::fail(std::string("KVM_RUN: ") + strerror(error));
		switch (run.exit_reason == KVM_EXIT_IO ? run.io.port : 0) {
		case report_port:
			return;
		case get_state_port:
			state.get(l1.vcpu());
			break;
		case set_state_port:
			run_and_exit_at_once(l1.vcpu());
			state.set(l1.vcpu());
			break;
		case exception_port:
			fail_for_exception(l1.vm());
		default:
			tap::fail("expected the guest's report, found " +
				  l1.vcpu().describe_exit());
		}
	}
}

} // namespace

void measure_nested(const char *name, const NestedRow &row)
{
	const Pass pass = row.shadowed ? Pass::ept : Pass::no_shadow_vmcs;

	expect_pass(pass);
	L1 l1(row.memory, L1::Irqchip::in_kernel, row.evmcs ? L1::Hyperv::evmcs : L1::Hyperv::none);
	const Ept ept(l1);

	if (row.evmcs)
		prepare_evmcs(l1, row.code);
	else
		l1.prepare(row.code);
	prepare_usual_vmcs(l1, ept);
	if (row.prepare)
		row.prepare(l1, ept);
	if (row.handler) {
		place(l1.vm(), exit_stub_address, *row.handler);
		place(l1.vm(), l1_code_address, first_entry);
	} else {
		place(l1.vm(), l1_code_address, row.code);
	}
	stand_at(l1.vcpu(), l1_code_address);
	set_marks(l1.vm());

	const std::uint64_t before = statistic(l1.vcpu(), "exits");
	run_to_end(l1);
	const std::uint64_t exits = statistic(l1.vcpu(), "exits") - before;

	report(name, row.title, pass, l1.vm(), exits);
	tap::check(exits >= row.exits * iterations, "every iteration exits");
}

} // namespace bench
