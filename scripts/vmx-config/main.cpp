// SPDX-License-Identifier: GPL-2.0-only
#include <cstdio>
#include <cstring>

#include "json_source.hpp"
#include "msr_source.hpp"
#include "output.hpp"

using namespace vmx::config;

namespace {

constexpr const char *help =
	"Usage: vmx-config [--file FILE [--name TEXT]] [--json]\n"
	"       vmx-config --rst\n"
	"       vmx-config --golden --file FILE\n"
	"\n"
	"Shows what the VMX capability MSRs of a CPU say, which VMX controls kvm-intel would run\n"
	"with, and every consistency rule that the MSRs violate.\n"
	"\n"
	"Without --file it reads every CPU of this machine through /dev/cpu/*/msr (root, module "
	"msr)\n"
	"and compares them.\n"
	"\n"
	"  --file FILE   read a JSON file of capability MSRs instead\n"
	"  --name TEXT   only items whose name contains TEXT\n"
	"  --json        print one JSON document instead of tables\n"
	"  --golden      print one line per item, as in selftests/golden/vmx_caps.golden.tsv\n"
	"  --rst         print the tables of controls and rules for Documentation\n"
	"  --help        print this\n"
	"\n"
	"Exit status: 0 consistent, 1 a rule of severity reject is violated or CPUs differ,\n"
	"2 unusable input.\n";

enum class Format { table, json, golden, rst };

struct Arguments {
	std::string file;
	std::string name;
	Format format = Format::table;
};

Arguments parse(int argc, char **argv)
{
	Arguments arguments;

	for (int n = 1; n < argc; n++) {
		const std::string option = argv[n];
		const auto value = [&]() -> std::string {
			if (++n == argc || !*argv[n])
				throw Unusable(option + " needs a value; see --help");
			return argv[n];
		};

		if (option == "--file")
			arguments.file = value();
		else if (option == "--name")
			arguments.name = value();
		else if (option == "--json")
			arguments.format = Format::json;
		else if (option == "--golden")
			arguments.format = Format::golden;
		else if (option == "--rst")
			arguments.format = Format::rst;
		else
			throw Unusable("unknown argument " + option + "; see --help");
	}
	if (!arguments.name.empty() && arguments.file.empty())
		throw Unusable("--name needs --file: it selects items of a file; see --help");
	return arguments;
}

std::vector<Item> select(std::vector<Item> items, const std::string &name)
{
	std::vector<Item> selected;

	for (Item &item : items)
		if (item.name.find(name) != std::string::npos)
			selected.push_back(std::move(item));
	if (selected.empty())
		throw Unusable("no item's name contains \"" + name + "\"");
	return selected;
}

/// An MSR that the CPU must have is there, or the source itself says that it was not read.
void require_complete(const Item &item)
{
	vmx::VmxCapabilities caps = item.caps;
	std::string missing;
	const auto collect = [](void *context, Severity, const char *text) {
		auto &all = *static_cast<std::string *>(context);
		all += (all.empty() ? "" : "; ") + std::string(text);
	};

	// Only to look past what is declared: no value is judged here.
	caps.present |= item.declared_missing;
	if (report_missing(caps, {collect, &missing}))
		throw Unusable(item.name + ": " + missing +
			       " (list it under \"missing\" if it was not read)");
}

/// What differs between the CPUs of one machine, as lines.
std::vector<std::string> differences_between(const std::vector<Item> &items,
					     const std::vector<Judged> &judged)
{
	struct Context {
		std::string name;
		std::vector<std::string> lines;
	} context;
	const auto keep = [](void *pointer, Severity, const char *text) {
		auto &context = *static_cast<Context *>(pointer);
		context.lines.push_back(context.name + ": " + text);
	};

	for (size_t n = 1; n < items.size(); n++) {
		context.name = items[n].name;
		compare(judged[0].config, judged[n].config, {keep, &context});
	}
	return context.lines;
}

bool same(const Item &a, const Item &b)
{
	return a.caps.present == b.caps.present &&
	       !std::memcmp(a.caps.values, b.caps.values, sizeof(a.caps.values));
}

int run(const Arguments &arguments)
{
	if (arguments.format == Format::rst) {
		output::rst();
		return 0;
	}

	const bool live = arguments.file.empty();
	const std::vector<Item> items =
		live ? read_this_machine() : select(read_json(arguments.file), arguments.name);

	for (const Item &item : items)
		require_complete(item);
	if (arguments.format == Format::golden) {
		output::golden(items);
		return 0;
	}

	std::vector<Judged> judged;
	unsigned inconsistent = 0;

	for (const Item &item : items) {
		judged.push_back(judge(item));
		inconsistent += judged.back().report.rejects != 0;
	}

	const std::vector<std::string> differences =
		live ? differences_between(items, judged) : std::vector<std::string>{};

	if (arguments.format == Format::json) {
		output::json(items, judged, differences);
	} else {
		for (size_t n = 0; n < items.size(); n++) {
			// CPUs of one machine are shown once if they are alike.
			if (live && n && same(items[n], items[0]))
				continue;
			output::table(items[n], judged[n]);
		}
		for (const std::string &line : differences)
			std::printf("%s\n", line.c_str());
		std::printf("%zu %s: %zu consistent, %u inconsistent, %zu differences\n",
			    items.size(), live ? "CPUs" : "items", items.size() - inconsistent,
			    inconsistent, differences.size());
	}
	return inconsistent || !differences.empty() ? 1 : 0;
}

} // namespace

int main(int argc, char **argv)
{
	for (int n = 1; n < argc; n++)
		if (!std::strcmp(argv[n], "--help")) {
			std::fputs(help, stdout);
			return 0;
		}
	try {
		return run(parse(argc, argv));
	} catch (const std::exception &error) {
		std::fprintf(stderr, "vmx-config: %s\n", error.what());
		return 2;
	}
}
