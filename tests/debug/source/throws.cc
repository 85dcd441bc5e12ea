// SPDX-License-Identifier: BSD-2-Clause
// Ends by a fault in a member function of a template, two namespaces deep, or by an exception that
// nobody catches.
#include <stdexcept>
#include <string>
#include <vector>

namespace store::detail
{

template <typename T> struct Shelf {
	T *place = nullptr;

	[[gnu::noinline]] T &at(std::size_t index)
	{
		return place[index] = T(index); // CRASH cxx
	}

	[[gnu::noinline]] T &checked(std::size_t index)
	{
		if (place == nullptr)
			throw std::out_of_range("no place"); // CALL throw
		return place[index];
	}
};

} // namespace store::detail

int main(int argc, char **argv)
{
	store::detail::Shelf<long> shelf;
	auto index = static_cast<std::size_t>(argc);

	if (argc > 1 && std::string(argv[1]) == "throw")
		return static_cast<int>(shelf.checked(index)); // CALL checked
	return static_cast<int>(shelf.at(index));
}
