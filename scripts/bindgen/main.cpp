// SPDX-License-Identifier: GPL-2.0-only
//
// bindgen: a C++ header of the kernel's types and functions, made from the kernel's BTF.
#include "emitter.hpp"
#include "roots.hpp"
#include "types.hpp"

#include <bpf/libbpf.h>

#include <cstdio>
#include <fstream>
#include <iostream>
#include <map>
#include <sstream>
#include <stdexcept>

using namespace bindgen;

namespace {

const char usage[] = "usage: bindgen --vmlinux BTF --module BTF --symvers FILE --roots FILE\n"
		     "               --header OUT.hpp --layout OUT.h --kernel RELEASE\n";

const char *const options[] = {"--vmlinux", "--module", "--symvers", "--roots",
			       "--header",  "--layout", "--kernel"};

std::map<std::string, std::string> parse(int argc, char **argv)
{
	std::map<std::string, std::string> values;

	for (int i = 1; i + 1 < argc; i += 2)
		values[argv[i]] = argv[i + 1];
	for (const char *option : options)
		if (!values.contains(option))
			throw std::runtime_error(std::string("expected ") + option + "\n" + usage);
	if (argc % 2 == 0 || values.size() != std::size(options))
		throw std::runtime_error(std::string("unexpected argument\n") + usage);
	return values;
}

class Generator {
public:
	Generator(const Types &types, const std::map<std::string, std::string> &symvers)
	    : types_(types), symvers_(symvers), emitter_(types)
	{
	}

	void add(const Root &root);
	const std::vector<std::string> &errors() const { return errors_; }
	std::string header(const std::string &comment) const
	{
		return emitter_.header(comment + without_type_);
	}
	std::string layout() const { return layout_; }

private:
	bool add_type(const std::string &name);
	bool add_function(const std::string &name);
	void add_exports(const std::string &module);
	void add_all_types();

	const Types &types_;
	const std::map<std::string, std::string> &symvers_;
	Emitter emitter_;
	std::vector<std::string> errors_;
	std::string layout_;
	std::string without_type_;
	std::string problem_;
};

bool Generator::add_type(const std::string &name)
{
	const Types::Ids *const places[] = {&types_.tags(name), &types_.typedefs(name),
					    &types_.enums(name), &types_.enumerators(name)};
	for (const Types::Ids *ids : places) {
		if (ids->empty())
			continue;
		// The module's own view, where it has one, as everywhere.
		TypeId id = ids->back();
		emitter_.define(id);
		TypeId underlying = types_.underlying(id);
		int kind = types_.kind(underlying);
		if (!types_.name(id).empty() && (kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION))
			layout_ += emitter_.layout_macros(id);
		return true;
	}
	problem_ = "BTF has no type and no enumerator of that name";
	return false;
}

bool Generator::add_function(const std::string &name)
{
	const Types::Ids &ids = types_.functions(name);
	if (ids.empty()) {
		problem_ = "BTF has no function of that name";
		return false;
	}
	if (!symvers_.contains(name)) {
		problem_ = "this function is not exported to modules";
		return false;
	}
	TypeId id = ids.back();
	for (TypeId other : ids) {
		if (types_.in_module(other) == types_.in_module(id) &&
		    types_.signature(types_.at(other).type) !=
			    types_.signature(types_.at(id).type)) {
			problem_ = "BTF has two functions of that name with different prototypes";
			return false;
		}
	}
	emitter_.declare_function(id);
	return true;
}

void Generator::add_exports(const std::string &module)
{
	for (const auto &[symbol, exporter] : symvers_) {
		if (exporter != module)
			continue;
		if (types_.functions(symbol).empty())
			without_type_ += "//     " + symbol + "\n";
		else
			add_function(symbol);
	}
}

void Generator::add_all_types()
{
	for (TypeId id = types_.first_in_module(); id < types_.count(); ++id) {
		int kind = types_.kind(id);
		if ((kind == BTF_KIND_STRUCT || kind == BTF_KIND_UNION || kind == BTF_KIND_ENUM) &&
		    !types_.name(id).empty() && types_.is_complete(id))
			emitter_.define(id);
	}
}

void Generator::add(const Root &root)
{
	bool found = true;

	switch (root.kind) {
	case RootKind::type:
		found = add_type(root.name);
		break;
	case RootKind::function:
		found = add_function(root.name);
		break;
	case RootKind::any:
		found = types_.functions(root.name).empty() ? add_type(root.name)
							    : add_function(root.name);
		break;
	case RootKind::exports:
		add_exports(root.name);
		break;
	case RootKind::types:
		add_all_types();
		break;
	}
	if (!found && !root.optional)
		errors_.push_back(std::to_string(root.line) + ": " + root.name + ": " + problem_);
}

// Leaves the file and its time alone where nothing changed, so that nothing is rebuilt.
void write_if_changed(const std::string &path, const std::string &text)
{
	std::ifstream old(path);
	std::stringstream content;
	content << old.rdbuf();
	if (old && content.str() == text)
		return;

	std::ofstream out(path);
	out << text;
	if (!out.flush())
		throw std::runtime_error(path + ": cannot be written");
}

} // namespace

int main(int argc, char **argv)
try {
	libbpf_set_print(nullptr);
	auto option = parse(argc, argv);
	Types types(option["--vmlinux"], option["--module"]);
	auto symvers = read_symvers(option["--symvers"]);
	Generator generator(types, symvers);

	for (const Root &root : read_roots(option["--roots"]))
		generator.add(root);
	for (const std::string &error : generator.errors())
		std::cerr << option["--roots"] << ":" << error << " (Linux " << option["--kernel"]
			  << "; '? NAME' if it may be missing)\n";
	if (!generator.errors().empty())
		return 1;

	write_if_changed(
		option["--header"],
		generator.header("// Types and functions of Linux " + option["--kernel"] +
				 ", made by scripts/bindgen from its BTF.\n"
				 "// Exported symbols that BTF has no function record of:\n"));
	write_if_changed(option["--layout"],
			 "/* SPDX-License-Identifier: GPL-2.0-only */\n/* Layouts of Linux " +
				 option["--kernel"] + " as its BTF has them. */\n" +
				 generator.layout());
} catch (const std::exception &error) {
	std::cerr << "bindgen: " << error.what() << "\n";
	return 1;
}
