/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * <twz/ptr.hpp>: a list over two objects in C++, a transaction that commits and two that do not.
 * shapes: dynamic static
 */
#include <cstdio>
#include <stdexcept>
#include <twz/ptr.hpp>

#define EXPECT(condition)                                                            \
	do {                                                                         \
		if (!(condition)) {                                                  \
			std::printf("line %d: expected %s\n", __LINE__, #condition); \
			return 1;                                                    \
		}                                                                    \
	} while (0)

struct node {
	twz::ptr<node> next;
	int value;
};

struct root {
	twz::ptr<node> first;
	int count;
};

static bool open_new(twz_object &object)
{
	twz_id id;

	return twz_object_create(0, TWZ_KIND_DATA, &id) >= 0 &&
	       twz_object_open(id, TWZ_RIGHT_READ | TWZ_RIGHT_WRITE, &object) >= 0;
}

static twz_result push(const twz_object &object, root *list, int value)
{
	twz::transaction tx(object);
	node *rest = list->first.get();

	if (tx.make(list->first) < 0)
		return tx.result();
	list->first->next = rest;
	list->first->value = value;
	tx.set(list->count, list->count + 1);
	if (value < 0)
		throw std::runtime_error("negative");
	return value == 0 ? tx.result() : tx.commit();
}

int main()
{
	twz_object object, other;

	EXPECT(open_new(object) && open_new(other));
	root *list = static_cast<root *>(twz_object_base(&object));
	EXPECT(twz_heap_make(&object, sizeof(*list)) >= 0 && twz_tx_open(&object) >= 0);
	for (int i = 1; i <= 10; i++)
		EXPECT(push(object, list, i) == TWZ_OK);
	EXPECT(push(object, list, 0) == TWZ_OK); /* left without a commit: undone */
	try {
		push(object, list, -1);
		return 1;
	} catch (const std::runtime_error &) {
	}
	EXPECT(list->count == 10 && list->first->value == 10);

	node *far = static_cast<node *>(twz_object_base(&other));
	far->value = 11;
	far->next = list->first; /* copying assigns the target, though it is another object's word
				    now */
	{
		twz::transaction tx(object);
		EXPECT(tx.set(list->first, far) >= 0 && tx.commit() == TWZ_OK);
	}
	int sum = 0;
	for (node *n = list->first.get(); n; n = n->next.get())
		sum += n->value;
	EXPECT(sum == 66 && twz_object_meta(&object)->fot_count == 1);
	EXPECT(!far->next.get()->next.get()->next == false);
	std::printf("sum %d\n", sum);
	return 0;
}
