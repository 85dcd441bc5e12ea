/* SPDX-License-Identifier: BSD-2-Clause */
/* A name's move between two directories, old or new at every instant. See <twz/directory.h>. */
#include "directory_internal.h"
#include <twz/persist.h>

#define MOVE(field) (TWZ_BASE_OFFSET + offsetof(struct twz_directory_header, move.field))

static struct twz_directory_move *move_of(const void *start)
{
	return &((struct twz_directory_header *)((uintptr_t)start + TWZ_BASE_OFFSET))->move;
}

int twz_directory_moving(const void *start, struct twz_id *peer)
{
	const struct twz_directory_move *move = move_of(start);

	if (__atomic_load_n(&move->leaving, __ATOMIC_ACQUIRE) == 0)
		return 0;
	peer->hi = __atomic_load_n(&move->peer.hi, __ATOMIC_RELAXED);
	peer->lo = __atomic_load_n(&move->peer.lo, __ATOMIC_RELAXED);
	return 1;
}

void twz_directory_move_forget(void *start)
{
	twz_commit_word(&move_of(start)->leaving, 0);
}

/* Says that a move is under way; `leaving` makes it true. */
static void announce(void *start, struct twz_id peer, uint64_t arriving, uint64_t leaving)
{
	struct twz_directory_move *move = move_of(start);

	move->peer = peer;
	move->arriving = arriving;
	twz_persist(move, sizeof(*move));
	twz_commit_word(&move->leaving, leaving);
}

twz_result twz_directory_move_begin(const struct twz_directory_pair *pair, const char *name,
				    size_t length, const char *to, size_t to_length,
				    struct twz_directory_entry *moved,
				    struct twz_directory_entry *old)
{
	struct directory from, target;
	struct directory_place place;
	twz_result result = twz_directory_open_to_change(&from, pair->from, pair->limit);

	if (result >= 0)
		result = twz_directory_open_to_change(&target, pair->to, pair->limit);
	if (result < 0)
		return result;
	if (move_of(pair->from)->leaving != 0 || move_of(pair->to)->leaving != 0)
		return -TWZ_ERR_BUSY;
	if (!twz_directory_name_is_valid(name, length))
		return -TWZ_ERR_INVALID_ARGUMENT;
	result = twz_directory_find(&from, name, length, &place);
	if (result != TWZ_OK)
		return result == -TWZ_ERR_TOO_MANY ? -TWZ_ERR_NOT_FOUND : result;
	*moved = place.entry;
	result = twz_directory_enter(&target, to, to_length, moved->id, moved->kind, 1, old);
	if (result != TWZ_OK)
		return result;
	announce(pair->to, pair->from_id, 0, TWZ_MOVE_TARGET);
	announce(pair->from, pair->to_id, target.change.words[0].value, place.record);
	/* one word: the link to the record. From here on the name is there and not here */
	twz_change_commit(
		&target.change, target.start,
		&((struct twz_directory_header *)(target.start + TWZ_BASE_OFFSET))->intent);
	return TWZ_OK;
}

/* Whether the record at `offset` is an entry of the directory; its place. CORRUPT: it is none. */
static twz_result find_record(const struct directory *d, uint64_t offset,
			      struct directory_place *place)
{
	struct directory_place wanted;
	twz_result result = twz_directory_read(d, offset, &wanted);

	if (result != TWZ_OK)
		return result;
	result = twz_directory_find(d, wanted.entry.name, wanted.entry.length, place);
	if (result == TWZ_OK && place->record == offset)
		return 1;
	return result == TWZ_OK || result == -TWZ_ERR_NOT_FOUND || result == -TWZ_ERR_TOO_MANY
		       ? 0
		       : result;
}

/* 1: the move that is noted in them has happened. *leaves: the entry that goes. */
static twz_result look(const struct twz_directory_pair *pair, struct directory *from,
		       struct directory_place *leaves)
{
	const struct twz_directory_move *move = move_of(pair->from);
	uint64_t leaving = move->leaving, arriving = move->arriving;
	struct directory target;
	struct directory_place arrives;
	struct twz_id source;
	twz_result result = twz_directory_open_to_change(from, pair->from, pair->limit);

	if (result >= 0)
		result = twz_directory_open_to_change(&target, pair->to, pair->limit);
	if (result < 0)
		return result;
	if (leaving == 0 || leaving == TWZ_MOVE_TARGET || !twz_id_equal(move->peer, pair->to_id) ||
	    !twz_directory_moving(pair->to, &source) || !twz_id_equal(source, pair->from_id) ||
	    move_of(pair->to)->leaving != TWZ_MOVE_TARGET)
		return 0;
	if (find_record(from, leaving, leaves) != 1 ||
	    find_record(&target, arriving, &arrives) != 1)
		return 0; /* words of a record that is none are hostile: nothing has happened */
	return twz_id_equal(leaves->entry.id, arrives.entry.id);
}

/* Not a move with a third directory. */
static void forget_of(void *start, struct twz_id peer)
{
	struct twz_id with;

	if (twz_directory_moving(start, &with) && twz_id_equal(with, peer))
		twz_directory_move_forget(start);
}

twz_result twz_directory_move_end(const struct twz_directory_pair *pair)
{
	struct directory from;
	struct directory_place leaves;
	twz_result result = look(pair, &from, &leaves);

	if (result < 0)
		return result;
	if (result == 1) {
		twz_change_add(&from.change, leaves.link, leaves.next);
		twz_change_add(&from.change, MOVE(leaving), 0);
		twz_change_commit(
			&from.change, from.start,
			&((struct twz_directory_header *)(from.start + TWZ_BASE_OFFSET))->intent);
		struct twz_directory_table *table =
			(struct twz_directory_table *)(from.start + from.table);
		if (table->count > 0)
			table->count--;
	} else {
		forget_of(pair->from, pair->to_id);
	}
	forget_of(pair->to, pair->from_id);
	return TWZ_OK;
}

twz_result twz_directory_move_state(struct twz_directory_pair *pair,
				    struct twz_directory_entry *moved)
{
	struct directory from;
	struct directory_place leaves;

	if (move_of(pair->from)->leaving <= TWZ_MOVE_TARGET) {
		struct twz_directory_pair turned = {pair->to, pair->from, pair->to_id,
						    pair->from_id, pair->limit};
		*pair = turned;
	}
	twz_result result = look(pair, &from, &leaves);
	if (result == 1)
		*moved = leaves.entry;
	return result;
}
