// SPDX-License-Identifier: BSD-2-Clause
// Ends by a fault in a member function of a template, two namespaces deep.
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
};

} // namespace store::detail

int main(int argc, char **)
{
	store::detail::Shelf<long> shelf;

	return static_cast<int>(shelf.at(static_cast<std::size_t>(argc)));
}
