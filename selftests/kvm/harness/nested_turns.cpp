// SPDX-License-Identifier: GPL-2.0-only
#include "nested_turns.hpp"

#include "module.hpp"
#include "nested_evmcs.hpp"

GUEST_CODE(takes_turns, 64, R"(
0:	mov %cr4, %rax
	add %esp, %eax
)" L2_REPORT R"(
	lea -8(%rsp), %rsp
	inc %rbx
	vmcall
	jmp 0b
)");

namespace kvm {

namespace field = vmx::field;
using vmx::Reason;

namespace {

constexpr std::uint64_t vmcall_length = 3;

} // namespace

std::uint64_t TurnGuest::rsp() const
{
	return l2_stack_top - 8 * turns_;
}

void TurnGuest::use(L1 &l1) const
{
	if (by_ == By::page)
		l1.use_page(address_);
	else
		l1.use_vmcs();
}

std::string TurnGuest::name() const
{
	return "the guest at " + tap::hex(address_);
}

void TurnGuest::write_mark(L1 &l1) const
{
	l1.write(field::cr4_read_shadow, mark_);
	l1.write(field::tsc_offset, mark_);
}

void TurnGuest::prepare(L1 &l1) const
{
	l1.load_l2(takes_turns);
	use(l1);
	if (by_ == By::page)
		write_default_evmcs(l1, address_);
	else
		l1.write_default_vmcs(address_);
	l1.write(field::cr4_guest_host_mask, ~0ul);
	write_mark(l1);
}

void TurnGuest::load(L1 &l1) const
{
	name_no_evmcs(l1);
	expect(l1.vmptrld(address_), succeeds(), "VMPTRLD for " + name());
}

void TurnGuest::clear(L1 &l1)
{
	if (by_ == By::vmcs)
		name_no_evmcs(l1);
	expect(l1.vmclear(address_), succeeds(), "VMCLEAR for " + name());
	launched_ = false;
}

void TurnGuest::change(L1 &l1)
{
	constexpr std::uint32_t groups = 1u << static_cast<unsigned>(Clean::crdr) |
					 1u << static_cast<unsigned>(Clean::control_grp2);

	mark_ += 1 << 27;
	use(l1);
	write_mark(l1);
	if (by_ == By::page) {
		auto &clean = l1.at<std::uint32_t>(address_ + evmcs::clean_fields);
		clean = clean & ~groups;
	}
}

void TurnGuest::enter(L1 &l1)
{
	kvm_regs regs = {};
	regs.rbx = turns_;
	use(l1);
	if (by_ == By::page)
		name_evmcs(l1, address_);
	if (turns_)
		l1.write(field::guest_rip, l1.read(field::guest_rip) + vmcall_length);
	expect(launched_ ? l1.vmresume(regs) : l1.vmlaunch(regs),
	       reports((mark_ + rsp()) & 0xffffffff),
	       "turn " + std::to_string(turns_) + " of " + name());
	launched_ = true;
}

void TurnGuest::exit(L1 &l1)
{
	use(l1);
	expect(l1.go_on(), exits(Reason::vmcall),
	       "the end of turn " + std::to_string(turns_) + " of " + name());
	turns_++;
	tap::check_equal(l1.l2().rbx, turns_, "rbx of L2");
	l1.expect_field(field::guest_rsp, rsp());
	l1.expect_field(field::tsc_offset, mark_);
	l1.expect_field(field::cr4_read_shadow, mark_);
	// Of a page the distribution's module may answer with what was there before the exit.
	if (by_ == By::page && !is_ours())
		return;
	std::uint64_t value = 0;
	expect(l1.vmread(field::guest_rsp.encoding, value), succeeds(), "VMREAD for " + name());
	tap::check_equal(value, rsp(), "RSP by VMREAD for " + name());
}

} // namespace kvm
