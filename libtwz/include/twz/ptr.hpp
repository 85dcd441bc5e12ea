/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Invariant pointers and transactions for C++: twz::ptr<T> is a twz_ptr(T) with the operators of a
 * pointer, twz::transaction a transaction that is undone unless it commits.
 *
 *	struct node { twz::ptr<node> next; int value; };
 *	for (node *n = list->first.get(); n; n = n->next.get()) ...
 *
 *	twz::transaction tx(object);
 *	tx.set(list->count, list->count + 1);
 *	if (tx.commit() < 0) ...
 *
 * No exceptions are thrown and none are needed: errors are results, as in C; a transaction that an
 * exception of the program leaves is undone.
 */
#ifndef TWZ_PTR_HPP
#define TWZ_PTR_HPP

#include <cstddef>
#include <twz/alloc.h>
#include <twz/ptr.h>
#include <twz/tx.h>

namespace twz
{

/* An invariant pointer; all zero is null. It lies in an object and is not copied out of it: what it
 * means depends on where it lies, so copying assigns the target. */
template <typename T> class ptr
{
      public:
	/* Null; memory that came zeroed from the heap holds null pointers without being
	 * constructed. */
	ptr() = default;
	ptr(const ptr &other)
	{
		assign(other.get());
	}
	ptr &operator=(const ptr &other)
	{
		assign(other.get());
		return *this;
	}

	/* The target as this program sees it; nullptr for null and for what cannot be resolved. */
	T *get() const
	{
		return static_cast<T *>(twz_deref_word(&word));
	}
	T &operator*() const
	{
		return *get();
	}
	T *operator->() const
	{
		return get();
	}
	explicit operator bool() const
	{
		return word != 0;
	}
	bool operator==(std::nullptr_t) const
	{
		return word == 0;
	}

	/* As twz_store: the target may lie in any mapped object. */
	twz_result assign(T *target)
	{
		return twz_store_word(&word, target);
	}
	ptr &operator=(T *target)
	{
		assign(target);
		return *this;
	}

	/* The word itself, for calls of C. */
	twz_iptr *raw()
	{
		return &word;
	}

      private:
	twz_iptr word = 0;
};

/* A transaction on an object, for as long as the variable lives; not copied. */
class transaction
{
      public:
	explicit transaction(const twz_object &object)
	{
		twz_tx_begin(&tx, &object);
	}
	~transaction()
	{
		twz_tx_abort(&tx);
	}
	transaction(const transaction &) = delete;
	transaction &operator=(const transaction &) = delete;

	/* What went wrong first, or TWZ_OK. */
	twz_result result() const
	{
		return tx.result;
	}

	/* place = value, logged. */
	template <typename T> twz_result set(T &place, const T &value)
	{
		twz_result named = twz_tx_add(&tx, &place, sizeof(place));
		if (named >= 0)
			place = value;
		return named;
	}

	/* A pointer of the object, logged, gets another target. */
	template <typename T> twz_result set(ptr<T> &place, T *target)
	{
		twz_result named = twz_tx_add(&tx, place.raw(), sizeof(twz_iptr));
		return named < 0 ? named : place.assign(target);
	}

	/* These bytes may be changed now. */
	twz_result add(const void *address, size_t length)
	{
		return twz_tx_add(&tx, address, length);
	}

	/* A zeroed T that `owner` points to; no constructor runs. */
	template <typename T> twz_result make(ptr<T> &owner)
	{
		return twz_tx_alloc_word(&tx, sizeof(T), owner.raw());
	}

	/* Frees what `owner` points to and makes it null; no destructor runs. */
	template <typename T> twz_result drop(ptr<T> &owner)
	{
		return twz_tx_free_word(&tx, owner.raw());
	}

	/* Durable at return, or undone: the first error. */
	twz_result commit()
	{
		return twz_tx_commit(&tx);
	}

      private:
	twz_tx tx;
};

} // namespace twz
#endif
